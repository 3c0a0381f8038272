import { Injectable } from '@nestjs/common';
import { isRecord, kindOf } from '../../common/primitives.js';
import { newFileToken } from '../../integrations/bodies/body-format.js';
import { FORMATS } from '../../integrations/bodies/body-formats.js';
import type { AttachmentSpec } from '../../integrations/integration.js';
import { AttachmentError } from './attachment.error.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Marks where in the body its files will stand, so that the body is checked before any file is fetched. */
@Injectable()
export class PlaceFilesStep implements PipelineStep {
  run(delivery: Delivery): void {
    const { attachments, endpoint } = delivery.integration;
    if (attachments.length === 0 || !delivery.sendsBody) return;
    const { files } = FORMATS[endpoint.format];
    delivery.fileTokens = attachments.map(newFileToken);
    if (files === 'parts') return;
    attachments.forEach((spec, index) => {
      if (files === 'none') throw misplaced(spec, `has no place in a body of the format ${endpoint.format}`);
      delivery.body = withField(delivery.body, spec.field.split('.'), delivery.fileTokens[index] ?? '', spec);
    });
  }
}

/** A copy of the body with the value at the path; objects on the way are made where there are none. */
function withField(body: unknown, path: readonly string[], value: string, spec: AttachmentSpec): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const parent = body ?? {};
  if (!isRecord(parent)) throw misplaced(spec, `leads through a value that is no object (${kindOf(parent)})`);
  return { ...parent, [name]: withField(parent[name], rest, value, spec) };
}

const misplaced = ({ field }: AttachmentSpec, why: string) =>
  new AttachmentError('ATTACHMENT_MISPLACED', `The attachment field "${field}" ${why}`);
