import { NotFoundException } from '@nestjs/common';

/** A record of the lab that is not there, or is another lab's. The lab is an HTTP host of its own, so this is a 404. */
export class RecordNotFoundError extends NotFoundException {
  constructor(kind: string, labId: string, id: string) {
    super(`${labId} has no ${kind} ${id}`);
  }
}
