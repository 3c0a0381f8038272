import { UrlRefusedError } from './url-refused.error.js';
import { checkEndpointUrl } from './url-safety.js';

const codeOf = (url: string, allow: string[] = []) => {
  try {
    checkEndpointUrl(url, allow);
    return 'accepted';
  } catch (error) {
    if (error instanceof UrlRefusedError) return error.code;
    throw error;
  }
};

describe('checkEndpointUrl', () => {
  it.each([
    'https://vendor.example/hook',
    'http://vendor.example:8080/a/{{patientId}}/b?x={{visit.id}}',
    'https://8.8.8.8/',
    'https://vendor.example/{{ context.patientId }}',
  ])('accepts %s', (url) => expect(codeOf(url)).toBe('accepted'));

  it.each([
    'ftp://vendor.example/',
    'file:///etc/passwd',
    '/relative',
    'https://',
    'javascript:alert(1)',
    'https://user@vendor.example/',
    'https://user:password@vendor.example/',
    'https://vendor.example/#part',
    'https://{{host}}/hook',
    'https://vendor.example{{path}}',
    'https://vendor.example:{{port}}/',
    '{{scheme}}://vendor.example/',
    '{{base}}/hook',
    'https://{{user}}@vendor.example/',
  ])('refuses %s as invalid', (url) => expect(codeOf(url)).toBe('URL_INVALID'));

  it.each([
    ...['http://127.0.0.1/', 'http://localhost/', 'http://a.localhost./', 'http://0x7f000001/', 'http://2130706433/'],
    ...[
      'http://127.1/',
      'http://0177.0.0.1/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://169.254.169.254/latest',
    ],
    ...['http://10.0.0.1/{{x}}', 'http://127.0.0.1./', 'http://０.0.0.0/', 'http://[64:ff9b::7f00:1]/'],
  ])('refuses the address of %s', (url) => expect(codeOf(url)).toBe('ADDRESS_REFUSED'));

  it('accepts private addresses that are allowed', () => {
    expect(codeOf('http://localhost:3000/', ['127.0.0.0/8'])).toBe('accepted');
    expect(codeOf('http://[fd00::1]/', ['fd00::/8'])).toBe('accepted');
    expect(codeOf('http://10.0.0.1/', ['127.0.0.0/8'])).toBe('ADDRESS_REFUSED');
  });

  it('never quotes the URL', () => {
    const attempt = () => checkEndpointUrl('https://me:topsecret@vendor.example/', []);
    expect(attempt).toThrow(
      expect.objectContaining({ field: 'url', message: expect.not.stringContaining('topsecret') }),
    );
  });
});
