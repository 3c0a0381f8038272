import { secretValuesOf } from './secret-values.js';

describe('secretValuesOf', () => {
  it.each([
    [{ WAYBILL_SECRET_KEYS: 'k1:QUJD,k2: REVG' }, ['QUJD', 'REVG']],
    [{ WAYBILL_SECRET_KEYS: 'QUJD' }, ['QUJD']],
    [{ MONGODB_URI: 'mongodb://u:p%40ss@a,b:27017/db' }, ['p%40ss', 'p@ss']],
    [{ MONGODB_URI: 'mongodb+srv://u:p/a@host/db' }, ['p/a']],
    [{ REDIS_URL: 'redis://:p@ss@host' }, ['p@ss']],
    [{ REDIS_URL: 'rediss://host?password=hush&db=1' }, ['hush']],
    [{ MONGODB_URI: 'mongodb://host/?authMechanismProperties=AWS_SESSION_TOKEN:hush' }, ['AWS_SESSION_TOKEN:hush']],
    [{ MONGODB_URI: 'mongodb://user@host:1/db?appName=x', REDIS_URL: 'localhost' }, []],
    [{}, []],
  ])('finds in %j', (env, values) => {
    expect([...new Set(secretValuesOf(env))]).toEqual(values);
  });
});
