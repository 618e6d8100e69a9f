import { ButtonLink } from '../../panel/components/button.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'

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
export const closedPage = ({ t, space }: Kit, closure: keyof typeof CLOSURES): Page => {
  const { title, why, onward } = CLOSURES[closure]
  return {
    title: t(title),
    lede: t(why, { space: space.name }),
    badge: { icon: 'ban', tone: 'bad' },
    status: 403,
    children: (
      <div class="actions">
        <ButtonLink to={onward.path}>{t(onward.label)}</ButtonLink>
      </div>
    ),
  }
}
