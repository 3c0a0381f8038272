import { WaybillError } from '../common/waybill.error.js';

export class TemplateError extends WaybillError {
  readonly code = 'TEMPLATE_INVALID';
  readonly stage = 'map';
  readonly remedy =
    'Correct the {{path}} in the integration, or the record that it reads; paths start with data, context, action, tenantId or deliveryId.';

  constructor(field: string, problem: string) {
    super(`The template in ${field} cannot be used: ${problem}`, { details: { field } });
  }
}
