import type { WorkerLike } from '../../app/src/engine/client.ts';
import type { Reply, Request } from '../../app/src/engine/protocol.ts';

/** Remembers what it was sent; the test answers in its place. */
export class FakeWorker implements WorkerLike {
  readonly sent: Request[] = [];
  onmessage: WorkerLike['onmessage'] = null;
  onerror: WorkerLike['onerror'] = null;

  postMessage(message: Request): void {
    this.sent.push(message);
  }

  reply(reply: Reply): void {
    this.onmessage?.(new MessageEvent('message', { data: reply }));
  }
}
