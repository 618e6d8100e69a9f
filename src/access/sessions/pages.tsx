import { Elysia } from 'elysia'
import type { Db } from '../../db/db.ts'
import type { Auth } from '../../http/auth.ts'
import { textOf } from '../../panel/components/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import type { Sessions } from './sessions.ts'
import { sessionsPage } from './sessions-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly db: Db
  readonly sessions: Sessions
}

/** Where somebody is signed in, and how to end that. */
export const sessionPages = ({ auth, pages, db, sessions }: Deps) =>
  new Elysia()
    .use(auth)
    .use(pages)
    .get(
      '/sessions',
      async ({ session, show }) => show(sessionsPage, { all: await sessions.list(session.account.id), own: session }),
      { signedIn: 'account' },
    )
    .post(
      '/sessions/revoke',
      async ({ visit, caller, input, go }) => {
        const id = Number(textOf(input.session))
        await db.transaction(async (tx) => {
          const isGone = Number.isInteger(id) && (await sessions.closeOf(tx, caller.id, id))
          await sessions.recordRevoked(tx, visit, caller.space, caller, isGone ? 1 : 0)
        })
        return go('/sessions', { flash: 'flash.session_revoked' })
      },
      { signedIn: 'account' },
    )
    .post(
      '/sessions/revoke_others',
      async ({ visit, caller, session, go }) => {
        await db.transaction(async (tx) => {
          const count = await sessions.closeOthers(tx, caller.id, session.id)
          await sessions.recordRevoked(tx, visit, caller.space, caller, count)
        })
        return go('/sessions', { flash: 'flash.sessions_revoked' })
      },
      { signedIn: 'account' },
    )
