import fc from 'fast-check';
import { checkTemplate, encodeForUrl, renderTemplate } from './template.js';
import { TemplateError } from './template.error.js';

const root = { context: { patientId: 'P-1/2', visits: 3 }, data: { names: ['Ana', 'Zoë'], nothing: null } };
const render = (template: string) => renderTemplate('endpoint.url', template, root, encodeForUrl);

describe('renderTemplate', () => {
  it.each([
    ['/patients/{{context.patientId}}', '/patients/P-1%2F2'],
    ['/v/{{ context.visits }}/{{data.names.1}}', '/v/3/Zo%C3%AB'],
    ['/plain', '/plain'],
  ])('%s becomes %s', (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  it.each([
    '{{context.missing}}',
    '{{data.nothing}}',
    '{{data}}',
    '{{context.constructor}}',
    '{{data.names.length.x}}',
  ])('%s has no value: the error names the field and the path', (template) => {
    expect(() => render(template)).toThrow(TemplateError);
    expect(() => render(template)).toThrow(/endpoint\.url.*\{\{/);
  });

  it('never lets a value change the structure of what it is put into', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (v) => {
        fc.pre(v !== '.' && v !== '..' && v === Buffer.from(v).toString());
        const url = new URL(renderTemplate('url', 'http://host.example/a/{{v}}/b?q={{v}}', { v }, encodeForUrl));
        expect(url.host).toBe('host.example');
        expect(url.pathname.split('/')).toHaveLength(4);
        expect([...url.searchParams.entries()]).toEqual([['q', v]]);
      }),
    );
  });

  it.each(['.', '..'])('refuses the value %s in a URL, which would step up its path', (v) => {
    expect(() => renderTemplate('url', 'http://host.example/a/{{v}}/b', { v }, encodeForUrl)).toThrow(TemplateError);
  });
});

describe('checkTemplate', () => {
  it.each(['{{}}', '{{ a b }}', '{{a.}}', '{{a', 'a}}', '{{a}}}}', '{{1a}}'])('refuses %s', (template) => {
    expect(() => checkTemplate('endpoint.url', template)).toThrow(TemplateError);
  });

  it.each(['', 'plain', '{{a}}', '{{ a.b.0.c }}/{{d}}'])('takes %p', (template) => {
    expect(() => checkTemplate('endpoint.url', template)).not.toThrow();
  });
});
