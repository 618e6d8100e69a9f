import type { Visit } from '../../http/visit.ts'
import { page, texts } from '../../panel/layout.tsx'

export const blockedPage = (visit: Visit, basePath: string): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'blocked.title',
    status: 403,
    children: (
      <>
        <p>{t('blocked.why', { space: visit.space.name })}</p>
        <p>
          <a href={`${basePath}/logout`}>{t('sign_out.title')}</a>
        </p>
      </>
    ),
  })
}
