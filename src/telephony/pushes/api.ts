import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts } from '../../http/input.ts'
import { answers, refuses } from '../../http/output.ts'
import { empty } from '../../http/respond.ts'
import { AskedPush, type Pushes } from './pushes.ts'

/** What Flexisip asks for when a phone sleeps (behaviour/telephony.md §11). */
export const pushesApi = ({ auth, pushes }: { auth: Auth; pushes: Pushes }) =>
  new Elysia({ prefix: '/api', tags: ['Devices'] }).use(auth).post(
    '/push_notification',
    async ({ visit, caller }) => {
      await pushes.send(visit, caller)
      return empty()
    },
    {
      requires: { role: 'account', scopes: ['telephony'] },
      detail: {
        summary: 'Wake a device by push',
        description:
          'For calls and messages that wait for it. `call` goes to PushKit at Apple. 503 when the push service does not take it.',
        ...accepts(AskedPush),
        ...answers(null),
        ...refuses(503),
      },
    },
  )
