import type { Visit } from '../http/visit.ts'
import { page, texts } from './layout.tsx'

/** What stands here, for whoever arrives without knowing: also where the panel would be when it is switched off. */
export const aboutPage = (visit: Visit, basePath: string): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'about.title',
    address: null,
    children: (
      <>
        <p>{t('about.what', { space: visit.space.name })}</p>
        <p>{t('about.app')}</p>
      </>
    ),
  })
}
