import { eventually } from './eventually.js';
import { LAB, type TestHost } from './test-host.js';
import { PatientRegistered } from './test-lab.js';

/** Registers patients, or one so many times, at once. */
export const emitMany = (host: TestHost, count: number, patientOf: (index: number) => string = () => 'P-1') =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: patientOf(index), visit: index }),
    ),
  );

/** Resolves with the logs once there are some, and none of them is QUEUED. */
export const allEnded = (host: TestHost, timeoutMs = 30_000) =>
  eventually(
    () => host.logs(),
    (logs) => logs.length > 0 && logs.every(({ status }) => status !== 'QUEUED'),
    timeoutMs,
  );
