const NAME = 'WAYBILL_SETUP_SECONDS';

/** How long the steps before this process took, as `npm run demo` hands it over; its `total` is called `setup` here. */
export function setupSecondsOf(env: NodeJS.ProcessEnv): Record<string, number> {
  const steps: unknown = JSON.parse(env[NAME] ?? '{}');
  if (typeof steps !== 'object' || steps === null) return {};
  return Object.fromEntries(
    Object.entries(steps).flatMap(([step, seconds]: [string, unknown]) =>
      typeof seconds === 'number' ? [[step === 'total' ? 'setup' : step, seconds]] : [],
    ),
  );
}
