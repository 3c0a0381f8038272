import { WaybillError } from '../common/waybill.error.js';

export class PlatformOnlyError extends WaybillError {
  readonly code = 'PLATFORM_KEY_REQUIRED';
  readonly stage = 'request';
  readonly remedy = 'Use a key of the platform; `npm run keys -- create --platform` makes one.';

  constructor() {
    super('This is for keys of the platform only, and the API key belongs to a tenant');
  }
}
