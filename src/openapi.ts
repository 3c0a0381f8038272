import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { HealthModule } from './health/health.module.js';
import { closeRequestBodies } from './http/closed-bodies.js';
import { HttpApiModule } from './http-api.module.js';
import { MetricsEndpointModule } from './metrics/metrics-endpoint.module.js';

/**
 * Serves the description of Waybill's own API, and of nothing else in the application: OpenAPI 3 at `/openapi.json`, and
 * pages to read and try it at `/docs`, whose scripts and styles come from this process. Call it before `listen`.
 * @returns the document
 */
export function setUpOpenApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Waybill')
    .setDescription(
      'An integration hub: an action that happened is delivered to every vendor that the tenant configured for it, and every call is logged.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key: `wbk_...`' })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    include: [HttpApiModule, HealthModule, MetricsEndpointModule],
  });
  closeRequestBodies(document);
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Waybill API',
  });
  return document;
}
