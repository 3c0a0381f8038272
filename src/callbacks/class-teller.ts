import { Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../actions/action-catalogue.js';
import type { StatusUpdate } from '../actions/status-listener.js';
import { ListenerMissingError } from './listener-missing.error.js';

/** Tells the host's class for an action. */
@Injectable()
export class ClassTeller {
  constructor(private readonly catalogue: ActionCatalogue) {}

  /** @throws ListenerMissingError, or whatever the host's class throws. */
  async tell(update: StatusUpdate): Promise<'told'> {
    const listener = this.catalogue.findStatusListener(update.action.id);
    if (!listener) throw new ListenerMissingError(update.action);
    await listener.tell(update);
    return 'told';
  }
}
