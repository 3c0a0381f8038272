/** A laboratory test with the range that its values are drawn from. */
interface Analyte {
  readonly code: string;
  readonly name: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
}

/** Tests that are ordered, billed and reported together. */
export interface Panel {
  readonly code: string;
  readonly title: string;
  readonly priceCents: number;
  readonly analytes: readonly Analyte[];
}

export const PANELS: readonly [Panel, ...Panel[]] = [
  {
    code: '58410-2',
    title: 'Complete blood count',
    priceCents: 1_850,
    analytes: [
      { code: '6690-2', name: 'Leukocytes', unit: '10*3/uL', low: 3.5, high: 11.5 },
      { code: '789-8', name: 'Erythrocytes', unit: '10*6/uL', low: 3.8, high: 5.9 },
      { code: '718-7', name: 'Hemoglobin', unit: 'g/dL', low: 11, high: 17.5 },
      { code: '777-3', name: 'Platelets', unit: '10*3/uL', low: 140, high: 450 },
    ],
  },
  {
    code: '57698-3',
    title: 'Lipid panel',
    priceCents: 2_400,
    analytes: [
      { code: '2093-3', name: 'Cholesterol', unit: 'mg/dL', low: 120, high: 290 },
      { code: '2571-8', name: 'Triglycerides', unit: 'mg/dL', low: 50, high: 310 },
      { code: '2085-9', name: 'HDL cholesterol', unit: 'mg/dL', low: 28, high: 95 },
    ],
  },
  {
    code: '51990-0',
    title: 'Basic metabolic panel',
    priceCents: 2_150,
    analytes: [
      { code: '2345-7', name: 'Glucose', unit: 'mg/dL', low: 65, high: 240 },
      { code: '2160-0', name: 'Creatinine', unit: 'mg/dL', low: 0.5, high: 1.9 },
      { code: '2951-2', name: 'Sodium', unit: 'mmol/L', low: 131, high: 147 },
      { code: '2823-3', name: 'Potassium', unit: 'mmol/L', low: 3.2, high: 5.4 },
    ],
  },
];
