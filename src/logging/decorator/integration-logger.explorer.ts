import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { isRecord } from '../../common/primitives.js';
import { CallRecorder } from './call-recorder.js';
import { setCallObserver } from './call-observer.js';
import { INTEGRATION_LOGGER } from './integration-logger.decorator.js';

/** Connects every provider and controller that carries `@IntegrationLogger` with this application's recorder. */
@Injectable()
export class IntegrationLoggerExplorer implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly recorder: CallRecorder,
  ) {}

  onModuleInit(): void {
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const instance: unknown = wrapper.instance;
      // A factory's metatype is the factory: what it made says its own class.
      const type = isRecord(instance) ? instance.constructor : wrapper.metatype;
      if (typeof type !== 'function' || !Reflect.hasMetadata(INTEGRATION_LOGGER, type)) continue;
      setCallObserver(isRecord(instance) && wrapper.isDependencyTreeStatic() ? instance : type, this.recorder);
    }
  }
}
