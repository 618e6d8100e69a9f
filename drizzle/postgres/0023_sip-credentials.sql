-- What SIP servers read instead of joining tables (behaviour/data.md §1.4). The generator does not know views.
CREATE VIEW sip_credentials AS
SELECT a.username, a.domain, coalesce(d.realm, a.domain) AS realm,
  (SELECT p.password FROM passwords p WHERE p.account_id = a.id AND p.algorithm = 'MD5') AS ha1_md5,
  (SELECT p.password FROM passwords p WHERE p.account_id = a.id AND p.algorithm = 'SHA-256') AS ha1_sha256,
  (a.activated AND NOT a.blocked AND s.purge_at IS NULL) AS enabled
FROM accounts a
JOIN spaces s ON s.domain = a.domain
LEFT JOIN space_digest_authentication_configurations d ON d.space_id = s.id;
