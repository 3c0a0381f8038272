import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { HttpLogger } from 'pino-http';
import type { Settings } from './config/settings.js';
import type { TrustedProxies } from './config/trusted-proxies.js';
import { setUpBodyParsers } from './http/body-parsers.js';
import { CorrelationMiddleware } from './http/correlation.middleware.js';
import { ProblemDetailsFilter } from './http/problem-details.filter.js';

/**
 * What makes an application that is Waybill and nothing else: every answer has a correlation id, every error is a problem,
 * bodies are bounded by `limits.requestBytes`. A host that mounts Waybill keeps its own ways. Needs `bodyParser: false`.
 */
export function setUpServer(
  app: NestExpressApplication,
  { limits }: Pick<Settings, 'limits'>,
  requestLog?: HttpLogger,
  trustProxy: TrustedProxies = 0,
): void {
  app.set('trust proxy', trustProxy);
  const correlation = new CorrelationMiddleware();
  app.use(correlation.use.bind(correlation));
  if (requestLog) app.use(requestLog);
  // Over plain HTTP, which is how a proxy reaches us, upgraded asset URLs of /docs would lead nowhere.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  setUpBodyParsers(app, { json: { limit: limits.requestBytes }, urlencoded: false });
  app.useGlobalFilters(new ProblemDetailsFilter());
}
