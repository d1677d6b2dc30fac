import java.io.File;
import java.io.FileInputStream;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.xml.security.Init;
import org.apache.xml.security.encryption.EncryptedKey;
import org.apache.xml.security.encryption.XMLCipher;
import org.apache.xml.security.encryption.XMLCipherUtil;
import org.apache.xml.security.encryption.params.ConcatKDFParams;
import org.apache.xml.security.encryption.params.KeyAgreementParameters;
import org.apache.xml.security.keys.KeyInfo;
import org.apache.xml.security.utils.EncryptionConstants;
import org.apache.xml.security.utils.KeyUtils;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** Encrypts the assertion in a document for a certificate: in.xml certificate.pem out.xml bits AlgorithmID U V. */
public class Encrypt {
    public static void main(String[] told) throws Exception {
        Init.init();
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        Document document = factory.newDocumentBuilder().parse(new File(told[0]));
        PublicKey theirs = CertificateFactory.getInstance("X.509")
            .generateCertificate(new FileInputStream(told[1])).getPublicKey();
        int bits = Integer.parseInt(told[3]);
        KeyGenerator generator = KeyGenerator.getInstance("AES");
        generator.init(bits);
        SecretKey content = generator.generateKey();
        ConcatKDFParams derivation = ConcatKDFParams.createBuilder(bits, "http://www.w3.org/2001/04/xmlenc#sha256")
            .algorithmID(told[4]).partyUInfo(told[5]).partyVInfo(told[6]).build();
        KeyAgreementParameters agreement = XMLCipherUtil.constructAgreementParameters(
            EncryptionConstants.ALGO_ID_KEYAGREEMENT_ECDH_ES,
            KeyAgreementParameters.ActorType.ORIGINATOR, derivation, null, theirs);
        agreement.setOriginatorKeyPair(KeyUtils.generateEphemeralDHKeyPair(theirs, null));
        XMLCipher wrapping = XMLCipher.getInstance(bits == 128 ? XMLCipher.AES_128_KeyWrap : XMLCipher.AES_256_KeyWrap);
        wrapping.init(XMLCipher.WRAP_MODE, theirs);
        EncryptedKey key = wrapping.encryptKey(document, content, agreement, null);
        XMLCipher cipher = XMLCipher.getInstance(bits == 128 ? XMLCipher.AES_128_GCM : XMLCipher.AES_256_GCM);
        cipher.init(XMLCipher.ENCRYPT_MODE, content);
        KeyInfo info = new KeyInfo(document);
        info.add(key);
        cipher.getEncryptedData().setKeyInfo(info);
        Element assertion = (Element) document
            .getElementsByTagNameNS("urn:oasis:names:tc:SAML:2.0:assertion", "Assertion").item(0);
        cipher.doFinal(document, assertion, false);
        Transformer transformer = TransformerFactory.newInstance().newTransformer();
        transformer.setOutputProperty("omit-xml-declaration", "yes");
        transformer.transform(new DOMSource(document), new StreamResult(new File(told[2])));
    }
}
