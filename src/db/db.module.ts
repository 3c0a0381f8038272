import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { AuditVerification } from '../audit/audit-verification.js';
import { resolveSettings, SETTINGS, type WaybillOptionsInput } from '../config/settings.js';
import { StorageModule } from '../storage/storage.module.js';
import { MIGRATION_FILES, type MigrationFiles, Migrator } from './migrator.js';

/** What the command for the database is made of: the database, and nothing that writes to it by itself. */
@Module({})
export class DbModule {
  /** `parts`: what a command needs beside the database. */
  static of(options: () => WaybillOptionsInput, files: MigrationFiles, parts: Type[] = []): DynamicModule {
    return {
      module: DbModule,
      imports: [
        {
          module: class SettingsModule {},
          global: true,
          providers: [{ provide: SETTINGS, useFactory: () => resolveSettings(options()) }],
          exports: [SETTINGS],
        },
        StorageModule,
        ...parts,
      ],
      providers: [Migrator, AuditVerification, { provide: MIGRATION_FILES, useValue: files }],
    };
  }
}
