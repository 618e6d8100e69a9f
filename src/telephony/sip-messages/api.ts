import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, text } from '../../http/input.ts'
import { answers, object, refuses } from '../../http/output.ts'
import { json } from '../../http/respond.ts'
import { NewSipMessage, type SipMessages } from './sip-messages.ts'

/** SIP messages through a linphone-daemon, where there is one (behaviour/telephony.md §12). */
export const sipMessagesApi = ({ auth, sipMessages }: { auth: Auth; sipMessages: SipMessages }) =>
  new Elysia({ prefix: '/api', tags: ['SIP messages'] })
    .use(auth)
    .post('/messages', async ({ visit }) => json(await sipMessages.send(visit)), {
      requires: 'admin',
      detail: {
        summary: 'Send a SIP message',
        description:
          'Only where the server has a linphone-daemon (`APP_LINPHONE_DAEMON_UNIX_PATH`). 422 with its reason when it sends none.',
        ...accepts(NewSipMessage),
        ...answers(object({ id: text() })),
        ...refuses(503),
      },
    })
