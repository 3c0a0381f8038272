import type { mongo } from 'mongoose';
import { COLLECTIONS } from '../db/collections.js';
import { createIndexes } from '../db/create-indexes.js';

export const up = (db: mongo.Db): Promise<void> => createIndexes(db, COLLECTIONS);
