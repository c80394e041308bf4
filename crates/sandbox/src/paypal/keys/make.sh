#!/bin/sh
# Makes the test keys of the fake PayPal anew. The authority's key is thrown away: nothing else can be signed with it.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=messageverificationcerts.sandbox.paypal.com
owner="Scrip sandbox test key, not PayPal"

key() { openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/$1.key"; }
pkcs8() { openssl pkcs8 -topk8 -nocrypt -in "$work/$1.key" -outform DER -out "test-$1.pk8"; }
# issue NAME KEY FROM UNTIL [OPTIONS]: a certificate with this key, by the test authority unless it signs itself.
issue() {
    file=test-$1.crt.pem key=$work/$2.key from=$3 until=$4
    shift 4
    openssl req -new -key "$key" -subj "/O=$owner/CN=${subject:-$name}" -out "$work/csr"
    openssl rand -hex 8 > "$work/serial"
    openssl ca -batch -config "$work/ca.cnf" -name authority -in "$work/csr" -startdate "$from" -enddate "$until" \
        -notext -out "$file" "$@"
}

cat > "$work/ca.cnf" <<END
[authority]
database = $work/index
serial = $work/serial
new_certs_dir = $work
certificate = test-ca.crt.pem
private_key = $work/ca.key
default_md = sha256
policy = any
x509_extensions = leaf
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = DNS:$name
[authority_itself]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
END

: > "$work/index"
key ca && key leaf && key stranger
subject="Scrip sandbox test authority" \
    issue ca ca 20200101000000Z 20990101000000Z -selfsign -extensions authority_itself
issue leaf leaf 20250101000000Z 20981231000000Z
issue leaf-expired leaf 20200101000000Z 20210101000000Z
issue stranger stranger 20250101000000Z 20981231000000Z -selfsign -keyfile "$work/stranger.key"
pkcs8 leaf && pkcs8 stranger
chmod 644 test-*
