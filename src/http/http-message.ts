import type { IncomingMessage } from 'node:http';
import type { Principal } from '../security/api-keys/principal.js';
import { withoutHookSecret } from './hook-address.js';

/** A request as Waybill's guard, filter and middleware see it: Node's own, so that they do not lean on a framework's types. */
export interface HttpRequest extends IncomingMessage {
  /** Path and query as received; routers may shorten `url`. */
  originalUrl?: string;
  /** Whom the request comes from: by the proxies that the application trusts, not by whatever header was sent. */
  ip?: string;
  params?: unknown;
  query?: unknown;
  body?: unknown;
  /** Set by the guard. */
  waybillPrincipal?: Principal;
}

/** The path without the query, which may hold ids of patients, and without the secret of a vendor's address. */
export const pathOf = ({ originalUrl, url }: HttpRequest) =>
  withoutHookSecret((originalUrl ?? url ?? '/').split('?', 1)[0] ?? '/');
