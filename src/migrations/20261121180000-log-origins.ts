import type { mongo } from 'mongoose';
import { fillLogOrigins } from '../db/fill-log-origins.js';

export const up = (db: mongo.Db): Promise<void> => fillLogOrigins(db);
