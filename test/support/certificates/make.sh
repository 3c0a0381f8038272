#!/bin/sh
# Makes the certificates of the tests anew: an authority, a server and clients of it, one more client, and an expired one.
set -e
cd "$(dirname "$0")"
days=36500
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key.pem" 2>/dev/null; }
signed() {
  new_key "$1"
  openssl req -new -key "$1.key.pem" -subj "/CN=$2" | openssl x509 -req -CA authority.pem -CAkey authority.key.pem \
    -CAcreateserial -days "$3" -out "$1.pem" -extfile "$4" 2>/dev/null
}
new_key authority
openssl req -x509 -key authority.key.pem -subj '/CN=Test authority' -days $days -out authority.pem
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth' > server.ext
printf 'extendedKeyUsage=clientAuth' > client.ext
signed server localhost $days server.ext
signed client 'Lab 12' $days client.ext
signed other-client 'Lab 13' $days client.ext
new_key expired-client
openssl req -new -key expired-client.key.pem -subj '/CN=Lab of yesterday' > expired.csr
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nserial=serial.txt\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' > ca.conf
: > index.txt; echo 01 > serial.txt
openssl ca -batch -config ca.conf -in expired.csr -cert authority.pem -keyfile authority.key.pem -notext \
  -startdate 20200101000000Z -enddate 20200102000000Z -out expired-client.pem 2>/dev/null
openssl pkey -in client.key.pem -aes256 -passout pass:pass-phrase-1 -out client-encrypted.key.pem
rm -f ./*.ext ./*.csr ./*.srl ca.conf index.txt* serial.txt* 01.pem authority.key.pem
