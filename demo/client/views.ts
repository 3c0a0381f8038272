import { Type } from 'class-transformer';

/** What the story reads of the answers; the whole of them is described at /docs. */
class ResolutionView {
  note!: string;
}

export class LogView {
  id!: string;
  direction!: 'inbound' | 'outbound';
  status!: 'QUEUED' | 'SUCCESS' | 'FAIL';
  integrationName!: string;
  actionId!: number | null;
  context!: Readonly<Record<string, unknown>>;
  attemptCount!: number;
  errorClass!: string | null;
  errorCode!: string | null;
  errorMessage!: string | null;
  @Type(() => ResolutionView)
  resolution!: ResolutionView | null;
}

export class LogPageView {
  @Type(() => LogView)
  items!: LogView[];
  nextCursor!: string | null;
}

class BodyView {
  text!: string | null;
}

class MessageView {
  @Type(() => BodyView)
  body!: BodyView | null;
}

export class AttemptView {
  number!: number;
  trigger!: 'first' | 'automatic' | 'manual' | 'recovery';
  reason!: string | null;
  outcome!: 'success' | 'fail' | 'unknown';
  errorClass!: string | null;
  @Type(() => MessageView)
  request!: MessageView | null;
  @Type(() => MessageView)
  response!: MessageView | null;
}

export class LogDetailView extends LogView {
  @Type(() => AttemptView)
  attempts!: AttemptView[];
}

class SkippedView {
  integrationId!: string;
  reason!: string;
}

export class EventView {
  id!: string;
  @Type(() => SkippedView)
  skipped!: SkippedView[];
  duplicateCount!: number;
}

/** Of what is in it that is shown only once. */
export class CreatedSourceView {
  id!: string;
  /** Below the address of the installation. */
  address!: string;
}

export class IntegrationView {
  id!: string;
  name!: string;
}

class DeliveryView {
  logId!: string;
}

export class EmitResultView {
  eventId!: string;
  duplicate!: boolean;
  @Type(() => DeliveryView)
  deliveries!: DeliveryView[];
  @Type(() => SkippedView)
  skipped!: SkippedView[];
}

export class RecordView {
  _id!: string;
}

/** What the lab's own HTTP API answers where it emitted an action. */
export class LabAnswerView {
  @Type(() => RecordView)
  patient?: RecordView;
  @Type(() => EmitResultView)
  event!: EmitResultView;
}

/** What the lab's method made of a result, as the log of its webhook keeps it. */
export class ResultTakenView {
  reportId!: string;
  @Type(() => EmitResultView)
  event!: EmitResultView;
}
