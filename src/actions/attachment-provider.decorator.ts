import type { Readable } from 'node:stream';
import { Injectable, type Type } from '@nestjs/common';
import type { ContextData } from '../common/primitives.js';

/** A file as a provider gives it. */
export interface Attachment<Content extends Buffer | Readable = Buffer | Readable> {
  /** The bytes, or a stream of them, which is read once and destroyed where it is not read to its end. */
  readonly content: Content;
  /** Media type, such as `application/pdf`. */
  readonly contentType: string;
  readonly fileName?: string;
  /** Bytes of a stream, where they are known: one that is too large is then not read at all, and one that ends early is noticed. */
  readonly sizeBytes?: number;
}

/** What a provider is told: the event's context and the data that the intent has just rebuilt. */
export interface AttachmentRequest {
  readonly context: ContextData;
  readonly data: unknown;
}

/** Gives a file of an outgoing body just in time, such as a report's PDF. Returns `null` when there is none: the delivery FAILs. */
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
