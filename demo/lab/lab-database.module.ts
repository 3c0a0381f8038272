import { type DynamicModule, Module } from '@nestjs/common';
import { LAB_DATABASE_URI, LabDatabase } from './lab-database.js';

/** The lab's own MongoDB connection, for all its modules. */
@Module({})
export class LabDatabaseModule {
  static at(uri: string): DynamicModule {
    return {
      module: LabDatabaseModule,
      global: true,
      providers: [{ provide: LAB_DATABASE_URI, useValue: uri }, LabDatabase],
      exports: [LabDatabase],
    };
  }
}
