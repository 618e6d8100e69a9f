import { ButtonLink } from '../../panel/components/button.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

const CLOSURES = {
  blocked: { title: 'blocked.title', why: 'blocked.why' },
  switched_off: { title: 'switched_off.title', why: 'switched_off.why' },
} as const

interface Closed {
  readonly closure: keyof typeof CLOSURES
  /** A browser stays signed in to a blocked account, and not to one that is switched off. */
  readonly mayLeave: boolean
}

/** For whoever knows the password of an account that nobody may use. */
export const closedPage = ({ t, space }: Kit, { closure, mayLeave }: Closed): Page => {
  const { title, why } = CLOSURES[closure]
  return {
    title: t(title),
    lede: t(why, { space: space.name }),
    badge: { icon: 'ban', tone: 'bad' },
    status: 403,
    children: (
      <div class="actions">
        <ButtonLink to={mayLeave ? '/logout' : '/login'}>{t(mayLeave ? 'sign_out.title' : 'sign_in.title')}</ButtonLink>
      </div>
    ),
  }
}
