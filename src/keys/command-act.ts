import { hostname, userInfo } from 'node:os';
import type { AuditAct } from '../audit/audit-entry.js';

/** An act of whoever runs the command for keys, on the machine that it runs on. */
export const commandAct = (act: Pick<AuditAct, 'tenantId' | 'what' | 'subject' | 'why'>): AuditAct => ({
  ...act,
  who: { kind: 'command', id: 'keys', name: userName() },
  from: hostname(),
});

/** A container's user may have a number only. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
