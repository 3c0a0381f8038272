import { Injectable, type Type } from '@nestjs/common';
import type { ContextData } from '../common/primitives.js';

export interface Attachment {
  readonly content: Buffer;
  /** Media type, such as `application/pdf`. */
  readonly contentType: string;
  readonly fileName?: string;
}

/** What a provider is told: the event's context and the data that the intent has just rebuilt. */
export interface AttachmentRequest {
  readonly context: ContextData;
  readonly data: unknown;
}

/** Fills a field of an outgoing body just in time, such as a report's PDF. Returns `null` when there is none: the delivery FAILs. */
export interface AttachmentSource {
  provide(request: AttachmentRequest): Promise<Attachment | null>;
}

export const ATTACHMENT_PROVIDER = 'waybill:attachment-provider';

/** Names a provider that integrations can refer to in their `attachments`. */
export const AttachmentProvider =
  (name: string) =>
  (target: Type<AttachmentSource>): void => {
    Injectable()(target);
    Reflect.defineMetadata(ATTACHMENT_PROVIDER, name, target);
  };
