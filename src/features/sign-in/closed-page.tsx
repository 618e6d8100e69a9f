import type { Visit } from '../../http/visit.ts'
import { page, texts } from '../../panel/layout.tsx'

const TEXTS = {
  blocked: { title: 'blocked.title', why: 'blocked.why' },
  switched_off: { title: 'switched_off.title', why: 'switched_off.why' },
} as const

/** For whoever knows the password of an account that nobody may use. */
export const closedPage = (visit: Visit, basePath: string, closure: keyof typeof TEXTS): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: TEXTS[closure].title,
    status: 403,
    children: (
      <>
        <p>{t(TEXTS[closure].why, { space: visit.space.name })}</p>
        <p>
          <a href={`${basePath}/logout`}>{t('sign_out.title')}</a>
        </p>
      </>
    ),
  })
}
