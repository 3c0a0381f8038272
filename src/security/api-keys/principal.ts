import type { TenantId } from '../../common/ids.js';

/** Who makes an API call: the holder of a key, bound to one tenant or (`null`) to the platform. */
export interface Principal {
  readonly keyId: string;
  readonly name: string;
  readonly tenantId: TenantId | null;
}

/** How history names the caller: `key <id> (<name>)`. */
export const describePrincipal = ({ keyId, name }: Principal) => `key ${keyId} (${name})`;
