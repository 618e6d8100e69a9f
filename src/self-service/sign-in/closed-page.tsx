import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'

/** A browser stays signed in to a blocked account, and not to one that is switched off. */
const CLOSURES = {
  blocked: { title: 'blocked.title', why: 'blocked.why', onward: { path: '/logout', label: 'sign_out.title' } },
  switched_off: {
    title: 'switched_off.title',
    why: 'switched_off.why',
    onward: { path: '/login', label: 'sign_in.title' },
  },
} as const

/** For whoever knows the password of an account that nobody may use. */
export const closedPage = (visit: Visit, basePath: string, closure: keyof typeof CLOSURES): Response => {
  const t = texts(visit)
  const { title, why, onward } = CLOSURES[closure]
  return page(visit, basePath, {
    title,
    status: 403,
    children: (
      <>
        <p>{t(why, { space: visit.space.name })}</p>
        <p>
          <a href={basePath + onward.path}>{t(onward.label)}</a>
        </p>
      </>
    ),
  })
}
