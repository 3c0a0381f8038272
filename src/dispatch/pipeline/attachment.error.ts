import { WaybillError } from '../../common/waybill.error.js';

const REMEDIES = {
  ATTACHMENT_PROVIDER_MISSING:
    'Declare it with @AttachmentProvider in a module that the workers load, or correct the integration.',
  ATTACHMENT_MISSING: 'See why the record has no such file, then retry the log.',
  ATTACHMENT_TOO_LARGE: 'Make the file smaller, or raise limits.attachmentBytes, then retry the log.',
  ATTACHMENT_UNAVAILABLE: "Waybill tries again by itself; if it goes on, look at the host's store of files.",
  ATTACHMENT_MISPLACED: "Correct the attachment's field in the integration so that it fits the mapped body.",
} as const;

export class AttachmentError extends WaybillError {
  readonly stage = 'attach';
  readonly remedy: string;

  constructor(
    readonly code: keyof typeof REMEDIES,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.remedy = REMEDIES[code];
  }
}
