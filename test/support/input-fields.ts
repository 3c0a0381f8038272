import { getMetadataStorage } from 'class-validator';

/** Every field that an input takes, those without a default included; none of a scheme's or a kind's own name. */
export function fieldsOf(input: new () => object): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(input, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))].filter((name) => name !== 'kind');
}
