import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import { answers, done } from '../../http/output.ts'
import { json } from '../../http/respond.ts'
import { EmailServer, EmailServerSchema, emailServerWire, type SpaceEmailServers } from './space-email-servers.ts'

/** The mail server of a Space (behaviour/spaces.md §4). */
export const spaceEmailServersApi = (deps: { auth: Auth; spaceEmailServers: SpaceEmailServers }) => {
  const { auth, spaceEmailServers } = deps
  return new Elysia({ prefix: '/api/spaces/:domain/email', tags: ['E-mail servers'] })
    .use(auth)
    .get('/', async ({ params }) => json(emailServerWire(await spaceEmailServers.ofDomain(params.domain))), {
      requires: 'super',
      detail: { summary: 'Read the e-mail server of a Space', ...answers(EmailServerSchema) },
    })
    .post(
      '/',
      async ({ visit, params }) => {
        const { server, isNew } = await spaceEmailServers.set(visit, params.domain, read(EmailServer, visit.input))
        return json(emailServerWire(server), isNew ? 201 : 200)
      },
      {
        requires: 'super',
        detail: {
          summary: 'Set the e-mail server of a Space',
          description:
            '201 when it had none. All of it is replaced; a password that is not spoken of stays, unless the host changes: then it is needed again.',
          ...accepts(EmailServer),
          ...answers(EmailServerSchema, 200, 201),
        },
      },
    )
    .delete(
      '/',
      async ({ visit, params }) => {
        await spaceEmailServers.remove(visit, params.domain)
        return json(1)
      },
      {
        requires: 'super',
        detail: {
          summary: 'Remove the e-mail server of a Space',
          description: 'Mails then leave through the server of the instance.',
          ...answers(done()),
        },
      },
    )
}
