import { type DynamicModule, Module } from '@nestjs/common';
import { LAB_DATABASE_URI, LabDatabase } from './lab-database.js';

/** The lab's own MongoDB connection. The application gives its address once, by `at`. */
@Module({ providers: [LabDatabase], exports: [LabDatabase] })
export class LabDatabaseModule {}

/** Provides the address to every module. */
@Module({})
export class LabDatabaseAddressModule {
  static at(uri: string): DynamicModule {
    return {
      module: LabDatabaseAddressModule,
      global: true,
      providers: [{ provide: LAB_DATABASE_URI, useValue: uri }],
      exports: [LAB_DATABASE_URI],
    };
  }
}
