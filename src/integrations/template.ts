import { isPrimitive } from '../common/primitives.js';
import { valueAt } from '../common/value-at.js';
import { TemplateError } from './template.error.js';

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;
const PATH = /^[A-Za-z_]\w*(\.\w+)*$/;

/**
 * Checks that every `{{ }}` is closed and holds a dotted path.
 * @throws TemplateError naming the field and the placeholder.
 */
export function checkTemplate(field: string, template: string): void {
  for (const [placeholder, path] of template.matchAll(PLACEHOLDER)) {
    if (!PATH.test((path ?? '').trim()))
      throw new TemplateError(field, `${placeholder} is not a dotted path such as {{context.patientId}}`);
  }
  if (/\{\{|\}\}/.test(template.replaceAll(PLACEHOLDER, '')))
    throw new TemplateError(field, 'a {{ or }} has no counterpart');
}

/**
 * Fills the `{{path}}` parameters of a template. Each value is passed through `encode`, so that a value can never
 * change the structure of what it is put into.
 * @throws TemplateError when a path leads to nothing or to something that is not a primitive.
 */
export function renderTemplate(
  field: string,
  template: string,
  root: object,
  encode: (value: string) => string,
): string {
  return template.replaceAll(PLACEHOLDER, (_, path: string) => {
    const value = valueAt(root, path.trim());
    if (value === undefined || value === null || !isPrimitive(value)) {
      throw new TemplateError(field, `{{${path.trim()}}} has no value that could be put in`);
    }
    return encode(String(value));
  });
}

/**
 * For values that go into a URL. `.` and `..` are refused: a URL parser takes them for steps up the path, in any encoding
 * (WHATWG URL, section 4.4).
 */
export function encodeForUrl(value: string): string {
  if (value === '.' || value === '..')
    throw new TemplateError('endpoint.url', `the value "${value}" would change the path`);
  return encodeURIComponent(value);
}
