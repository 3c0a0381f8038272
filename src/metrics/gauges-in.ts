import { Gauge, type Registry } from 'prom-client';

/** Registers gauges that are read where the metrics are scraped. */
export const gaugesIn = (registry: Registry) => (name: string, help: string, read: () => number) => {
  const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) });
};
