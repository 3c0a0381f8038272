import type { FieldFault } from '../../common/field-fault.js';
import { isReservedHeader } from '../reserved-headers.js';

/** A header name, or a part of a query: letters, digits and `-_.`. */
export const AUTH_NAME = /^[\w.-]{1,128}$/;
export const AUTH_NAME_SAYS = 'must be 1 to 128 letters, digits or -_.';

/** What stands before a credential in its header: `Bearer `, `sha256=`. */
export const AUTH_PREFIX = /^[\x20-\x7e]{0,64}$/;
export const AUTH_PREFIX_SAYS = 'must be at most 64 printable ASCII characters';

/** A header that Waybill or the transport sets would be overwritten, or break the request. */
export const authHeaderFaults = (field: string, name: string | undefined): FieldFault[] =>
  name !== undefined && isReservedHeader(name)
    ? [{ field, expected: 'is set by Waybill itself; use another header', received: 'string' }]
    : [];
