/** A lab is a tenant of Waybill: its integrations, logs and keys are its own. */
export interface Lab {
  readonly id: string;
  readonly name: string;
}

export const CITY_LAB: Lab = { id: 'city-lab', name: 'City Diagnostics' };
export const HILL_LAB: Lab = { id: 'hill-lab', name: 'Hill Street Laboratory' };
export const LABS: readonly Lab[] = [CITY_LAB, HILL_LAB];
