import { type Connection, createConnection } from 'mongoose';
import { freshDatabaseName, mongodbUri } from './services.js';

/** A command as the driver sent it. */
type Command = Readonly<Record<string, unknown>>;

const QUERIES = ['find', 'aggregate', 'update'];

/** How a command is answered. */
export interface ExplainedQuery {
  /** Those that are read, each once. */
  readonly indexes: readonly string[];
  /** Whether what was found has to be sorted, because the index has it in another order. */
  readonly sorts: boolean;
}

/** How MongoDB, and how DocumentDB, calls sorting what it has found. DocumentDB may sort those of one time by their id. */
const SORTS = /"stage":"SORT"|"Node Type":"Sort"|BitmapOr/;

/** A database of its own that remembers what it was asked, and tells how it answers that. */
export class QueryPlans {
  private asked: Command[] = [];

  private constructor(readonly connection: Connection) {
    connection.getClient().on('commandStarted', ({ commandName, command }) => {
      if (QUERIES.includes(commandName)) this.asked.push(command);
    });
  }

  static async open(name: string): Promise<QueryPlans> {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName(name)}`);
    return new QueryPlans(await createConnection(uri, { monitorCommands: true, bufferCommands: false }).asPromise());
  }

  forget(): void {
    this.asked = [];
  }

  /** What the collection was asked since, in that order. */
  of(collection: string): readonly Command[] {
    return this.asked.filter((command) => QUERIES.some((name) => command[name] === collection));
  }

  async explain({ lsid: _session, $db: _db, ...command }: Command = {}): Promise<ExplainedQuery> {
    const plan = JSON.stringify(await this.connection.db?.command({ explain: command }), withoutAlternatives);
    const indexes = [...plan.matchAll(/"indexName":"(\w+)"/g)].map(([, index = '']) => index);
    return { indexes: [...new Set(indexes)], sorts: SORTS.test(plan) };
  }

  /** How all that the collection was asked is answered; the same answer once. */
  async explained(collection: string): Promise<ExplainedQuery[]> {
    const plans = await Promise.all(this.of(collection).map((command) => this.explain(command)));
    return [...new Map(plans.map((plan) => [JSON.stringify(plan), plan])).values()];
  }

  async close(): Promise<void> {
    await this.connection.dropDatabase();
    await this.connection.close();
  }
}

/** Indexes that were weighed and not taken. */
const withoutAlternatives = (key: string, value: unknown) =>
  key === 'IndexCosts' || key === 'rejectedPlans' ? undefined : value;
