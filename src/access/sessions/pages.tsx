import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import type { Auth } from '../../http/auth.ts'
import { textOf } from '../../panel/fields.tsx'
import type { Pages } from '../../panel/pages.ts'
import { redirect } from '../../panel/redirect.ts'
import type { Sessions } from './sessions.ts'
import { sessionsPage } from './sessions-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly db: Db
  readonly sessions: Sessions
  readonly config: Config
}

/** Where somebody is signed in, and how to end that. */
export const sessionPages = ({ auth, pages, db, sessions, config }: Deps) => {
  const basePath = config.BASE_PATH

  return new Elysia()
    .use(auth)
    .use(pages)
    .get(
      '/sessions',
      async ({ visit, session }) => sessionsPage(visit, basePath, await sessions.list(session.account.id), session),
      { signedIn: 'account' },
    )
    .post(
      '/sessions/revoke',
      async ({ visit, caller }) => {
        const id = Number(textOf(visit.input.session))
        const isGone = Number.isInteger(id) && (await db.transaction((tx) => sessions.closeOf(tx, caller.id, id)))
        if (isGone) sessions.recordRevoked(visit, caller, 1)
        return redirect(visit, basePath, '/sessions', { flash: 'flash.session_revoked' })
      },
      { signedIn: 'account' },
    )
    .post(
      '/sessions/revoke_others',
      async ({ visit, caller, session }) => {
        const count = await db.transaction((tx) => sessions.closeOthers(tx, caller.id, session.id))
        sessions.recordRevoked(visit, caller, count)
        return redirect(visit, basePath, '/sessions', { flash: 'flash.sessions_revoked' })
      },
      { signedIn: 'account' },
    )
}
