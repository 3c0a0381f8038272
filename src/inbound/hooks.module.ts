import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { CorrelationMiddleware } from '../http/correlation.middleware.js';
import { HooksController } from './hooks/hooks.controller.js';
import { SourcePageController } from './page/source-page.controller.js';
import { InboundModule } from './inbound.module.js';

/** The addresses that vendors call. */
@Module({ imports: [InboundModule], controllers: [HooksController, SourcePageController] })
export class HooksModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(CorrelationMiddleware).forRoutes(HooksController, SourcePageController);
  }
}
