import { isoMoment, isoMomentOrNull } from '../../http/moment.ts'
import type { Voicemail } from './store.ts'

/** What webhooks are told: neither its links nor its name, which may be enough to hear it. */
export const toldVoicemail = (voicemail: Voicemail) => ({
  id: voicemail.uuid,
  size: voicemail.size,
  content_type: voicemail.contentType,
  duration_seconds: voicemail.durationSeconds,
  sip_from: voicemail.sipFrom,
  created_at: isoMoment(voicemail.createdAt),
  uploaded_at: isoMomentOrNull(voicemail.uploadedAt),
})
