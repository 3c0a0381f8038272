import { WaybillError } from '../../common/waybill.error.js';

export class SourceGoneError extends WaybillError {
  readonly code = 'SOURCE_GONE';
  readonly stage = 'config';
  readonly remedy =
    'Nothing works on webhooks of a source that was deleted or disabled. Enable it, then retry the log.';

  constructor(sourceId: string, how: 'deleted' | 'disabled') {
    super(`The source ${sourceId} was ${how}`, { details: { sourceId } });
  }
}
