// A part of the viewer of tpk archives.
"use strict";(()=>{var $a=Object.create;var X=Object.defineProperty;var Aa=Object.getOwnPropertyDescriptor;var Ra=Object.getOwnPropertyNames;var Ma=Object.getPrototypeOf,qa=Object.prototype.hasOwnProperty;var Ta=(i,a)=>()=>{try{return a||i((a={exports:{}}).exports,a),a.exports}catch(t){throw a=0,t}};var Pa=(i,a,t,e)=>{if(a&&typeof a=="object"||typeof a=="function")for(let n of Ra(a))!qa.call(i,n)&&n!==t&&X(i,n,{get:()=>a[n],enumerable:!(e=Aa(a,n))||e.enumerable});return i};var Y=(i,a,t)=>(t=i!=null?$a(Ma(i)):{},Pa(a||!i||!i.__esModule?X(t,"default",{value:i,enumerable:!0}):t,i));var E=Ta((di,Z)=>{Z.exports=globalThis.tpkReader});var U=Y(E(),1);var A=class{constructor(a,t){this.base=t;this.cache=caches.open(a)}base;cache;puts=0;async last(a){return(await(await this.cache).match(this.key(a,"last")))?.json()}async begin(a,t){let e=await this.cache,n=await this.last(a);if(n?.etag===t.etag&&n.size===t.size)return;let o=this.key(a,"");for(let p of await e.keys())p.url.startsWith(o)&&await e.delete(p);await e.put(this.key(a,"last"),Response.json(t))}async get(a,t,e,n){let o=await(await this.cache).match(this.range(a,t,e,n));return o&&new Uint8Array(await o.arrayBuffer())}async put(a,t,e,n){let o=await this.cache,p=()=>o.put(this.range(a,t,e,n.length),new Response(n.slice()));try{await p()}catch{await this.clear(),await p()}++this.puts%256===0&&await this.limit()}async limit(){let{usage:a=0,quota:t=1/0}=await navigator.storage.estimate();a>t/2&&await this.clear()}async clear(){let a=await this.cache;for(let t of await a.keys())t.url.endsWith("/last")||await a.delete(t)}key(a,t){return`${this.base}${encodeURIComponent(a)}/${t}`}range(a,t,e,n){return this.key(a,`${encodeURIComponent(t.etag)}/${e}-${n}`)}};var ga=Y(E(),1);var Ua=new TextEncoder,Ca=new TextDecoder;function f(i){let a=typeof i=="string"?Ua.encode(i):i,t="";for(let e=0;e<a.length;e+=8192)t+=String.fromCharCode(...a.subarray(e,e+8192));return t}function L(i){let a=new Uint8Array(i.length);for(let t=0;t<i.length;t++)a[t]=i.charCodeAt(t);return a}function J(i){return f(i).replace(/%([0-9a-f]{2})/gi,(a,t)=>String.fromCharCode(parseInt(t,16)))}function y(i){return i.replace(/[^A-Za-z0-9\-._~/!$()*+,;=@]/g,a=>"%"+a.charCodeAt(0).toString(16).toUpperCase().padStart(2,"0"))}function Q(i){return/^[\0-\x7f]*$/.test(i)?i:Ca.decode(L(i))}var aa=`# From mime-db 1.54.0 (MIT licence) by media_generate.go. A line: a type, * before it if its text has a charset; its extensions.
application/andrew-inset ez
application/appinstaller appinstaller
application/applixware aw
application/appx appx
application/appxbundle appxbundle
application/atom+xml atom
application/atomcat+xml atomcat
application/atomdeleted+xml atomdeleted
application/atomsvc+xml atomsvc
application/atsc-dwd+xml dwd
application/atsc-held+xml held
application/atsc-rsat+xml rsat
application/automationml-aml+xml aml
application/automationml-amlx+zip amlx
application/bdoc bdoc
application/calendar+xml xcs
application/ccxml+xml ccxml
application/cdfx+xml cdfx
application/cdmi-capability cdmia
application/cdmi-container cdmic
application/cdmi-domain cdmid
application/cdmi-object cdmio
application/cdmi-queue cdmiq
application/cpl+xml cpl
application/cu-seeme cu
application/cwl cwl
application/dash+xml mpd
application/dash-patch+xml mpp
application/davmount+xml davmount
application/dicom dcm
application/docbook+xml dbk
application/dssc+der dssc
application/dssc+xml xdssc
application/ecmascript ecma
application/emma+xml emma
application/emotionml+xml emotionml
application/epub+zip epub
application/exi exi
application/express exp
application/fdf fdf
application/fdt+xml fdt
application/font-tdpfr pfr
application/geo+json geojson
application/gml+xml gml
application/gpx+xml gpx
application/gxf gxf
application/gzip gz
application/hjson hjson
application/hyperstudio stk
application/inkml+xml ink inkml
application/ipfix ipfix
application/its+xml its
application/java-archive ear jar war
application/java-serialized-object ser
application/java-vm class
*application/json json map
application/json5 json5
application/jsonml+json jsonml
application/ld+json jsonld
application/lgr+xml lgr
application/lost+xml lostxml
application/mac-binhex40 hqx
application/mac-compactpro cpt
application/mads+xml mads
*application/manifest+json webmanifest
application/marc mrc
application/marcxml+xml mrcx
application/mathematica ma mb nb
application/mathml+xml mathml
application/mbox mbox
application/media-policy-dataset+xml mpf
application/mediaservercontrol+xml mscml
application/metalink+xml metalink
application/metalink4+xml meta4
application/mets+xml mets
application/mmt-aei+xml maei
application/mmt-usd+xml musd
application/mods+xml mods
application/mp21 m21 mp21
application/mp4 m4p mp4s
application/msix msix
application/msixbundle msixbundle
application/msword doc dot
application/mxf mxf
application/n-quads nq
application/n-triples nt
application/node cjs
application/octet-stream bin bpk buffer deploy dist distz dms dump elc img lrf mar msm msp pkg so
application/oda oda
application/oebps-package+xml opf
application/ogg ogx
application/omdoc+xml omdoc
application/onenote one onea onepkg onetmp onetoc onetoc2
application/oxps oxps
application/p2p-overlay+xml relo
application/patch-ops-error+xml xer
application/pdf pdf
application/pgp-encrypted pgp
application/pgp-keys asc
application/pgp-signature sig
application/pics-rules prf
application/pkcs10 p10
application/pkcs7-mime p7c p7m
application/pkcs7-signature p7s
application/pkcs8 p8
application/pkix-attr-cert ac
application/pkix-cert cer
application/pkix-crl crl
application/pkix-pkipath pkipath
application/pkixcmp pki
application/pls+xml pls
application/postscript ai eps ps
application/provenance+xml provx
application/prs.cww cww
application/prs.xsf+xml xsf
application/pskc+xml pskcxml
application/raml+yaml raml
application/rdf+xml owl rdf
application/reginfo+xml rif
application/relax-ng-compact-syntax rnc
application/resource-lists+xml rl
application/resource-lists-diff+xml rld
application/rls-services+xml rs
application/route-apd+xml rapd
application/route-s-tsid+xml sls
application/route-usd+xml rusd
application/rpki-ghostbusters gbr
application/rpki-manifest mft
application/rpki-roa roa
application/rsd+xml rsd
application/rss+xml rss
application/rtf rtf
application/sbml+xml sbml
application/scvp-cv-request scq
application/scvp-cv-response scs
application/scvp-vp-request spq
application/scvp-vp-response spp
application/sdp sdp
application/senml+xml senmlx
application/sensml+xml sensmlx
application/set-payment-initiation setpay
application/set-registration-initiation setreg
application/shf+xml shf
application/sieve sieve siv
application/smil+xml smi smil
application/sparql-query rq
application/sparql-results+xml srx
application/sql sql
application/srgs gram
application/srgs+xml grxml
application/sru+xml sru
application/ssdl+xml ssdl
application/ssml+xml ssml
application/swid+xml swidtag
application/tei+xml tei teicorpus
application/thraud+xml tfi
application/timestamped-data tsd
application/toml toml
application/trig trig
application/ttml+xml ttml
application/ubjson ubj
application/urc-ressheet+xml rsheet
application/urc-targetdesc+xml td
application/vnd.1000minds.decision-model+xml 1km
application/vnd.3gpp.pic-bw-large plb
application/vnd.3gpp.pic-bw-small psb
application/vnd.3gpp.pic-bw-var pvb
application/vnd.3gpp2.tcap tcap
application/vnd.3m.post-it-notes pwn
application/vnd.accpac.simply.aso aso
application/vnd.accpac.simply.imp imp
application/vnd.acucobol acu
application/vnd.acucorp acutc atc
application/vnd.adobe.air-application-installer-package+zip air
application/vnd.adobe.formscentral.fcdt fcdt
application/vnd.adobe.fxp fxp fxpl
application/vnd.adobe.xdp+xml xdp
application/vnd.age age
application/vnd.ahead.space ahead
application/vnd.airzip.filesecure.azf azf
application/vnd.airzip.filesecure.azs azs
application/vnd.amazon.ebook azw
application/vnd.americandynamics.acc acc
application/vnd.amiga.ami ami
application/vnd.android.package-archive apk
application/vnd.anser-web-certificate-issue-initiation cii
application/vnd.anser-web-funds-transfer-initiation fti
application/vnd.antix.game-component atx
application/vnd.apple.installer+xml mpkg
application/vnd.apple.keynote key
application/vnd.apple.mpegurl m3u8
application/vnd.apple.numbers numbers
application/vnd.apple.pages pages
application/vnd.apple.pkpass pkpass
application/vnd.aristanetworks.swi swi
application/vnd.astraea-software.iota iota
application/vnd.audiograph aep
application/vnd.autodesk.fbx fbx
application/vnd.balsamiq.bmml+xml bmml
application/vnd.blueice.multipass mpm
application/vnd.bmi bmi
application/vnd.businessobjects rep
application/vnd.chemdraw+xml cdxml
application/vnd.chipnuts.karaoke-mmd mmd
application/vnd.cinderella cdy
application/vnd.citationstyles.style+xml csl
application/vnd.claymore cla
application/vnd.cloanto.rp9 rp9
application/vnd.clonk.c4group c4d c4f c4g c4p c4u
application/vnd.cluetrust.cartomobile-config c11amc
application/vnd.cluetrust.cartomobile-config-pkg c11amz
application/vnd.commonspace csp
application/vnd.contact.cmsg cdbcmsg
application/vnd.cosmocaller cmc
application/vnd.crick.clicker clkx
application/vnd.crick.clicker.keyboard clkk
application/vnd.crick.clicker.palette clkp
application/vnd.crick.clicker.template clkt
application/vnd.crick.clicker.wordbank clkw
application/vnd.criticaltools.wbs+xml wbs
application/vnd.ctc-posml pml
application/vnd.cups-ppd ppd
application/vnd.curl.car car
application/vnd.curl.pcurl pcurl
application/vnd.dart dart
application/vnd.data-vision.rdz rdz
application/vnd.dbf dbf
application/vnd.dcmp+xml dcmp
application/vnd.dece.data uvd uvf uvvd uvvf
application/vnd.dece.ttml+xml uvt uvvt
application/vnd.dece.unspecified uvvx uvx
application/vnd.dece.zip uvvz uvz
application/vnd.denovo.fcselayout-link fe_launch
application/vnd.dna dna
application/vnd.dolby.mlp mlp
application/vnd.dpgraph dpg
application/vnd.dreamfactory dfac
application/vnd.ds-keypoint kpxx
application/vnd.dvb.ait ait
application/vnd.dvb.service svc
application/vnd.dynageo geo
application/vnd.ecowin.chart mag
application/vnd.enliven nml
application/vnd.epson.esf esf
application/vnd.epson.msf msf
application/vnd.epson.quickanime qam
application/vnd.epson.salt slt
application/vnd.epson.ssf ssf
application/vnd.eszigno3+xml es3 et3
application/vnd.ezpix-album ez2
application/vnd.ezpix-package ez3
application/vnd.fdsn.mseed mseed
application/vnd.fdsn.seed dataless seed
application/vnd.flographit gph
application/vnd.fluxtime.clip ftc
application/vnd.framemaker book fm frame maker
application/vnd.frogans.fnc fnc
application/vnd.frogans.ltf ltf
application/vnd.fsc.weblaunch fsc
application/vnd.fujitsu.oasys oas
application/vnd.fujitsu.oasys2 oa2
application/vnd.fujitsu.oasys3 oa3
application/vnd.fujitsu.oasysgp fg5
application/vnd.fujitsu.oasysprs bh2
application/vnd.fujixerox.ddd ddd
application/vnd.fujixerox.docuworks xdw
application/vnd.fujixerox.docuworks.binder xbd
application/vnd.fuzzysheet fzs
application/vnd.genomatix.tuxedo txd
application/vnd.geogebra.file ggb
application/vnd.geogebra.slides ggs
application/vnd.geogebra.tool ggt
application/vnd.geometry-explorer gex gre
application/vnd.geonext gxt
application/vnd.geoplan g2w
application/vnd.geospace g3w
application/vnd.gmx gmx
application/vnd.google-apps.document gdoc
application/vnd.google-apps.drawing gdraw
application/vnd.google-apps.form gform
application/vnd.google-apps.jam gjam
application/vnd.google-apps.map gmap
application/vnd.google-apps.presentation gslides
application/vnd.google-apps.script gscript
application/vnd.google-apps.site gsite
application/vnd.google-apps.spreadsheet gsheet
application/vnd.google-earth.kml+xml kml
application/vnd.google-earth.kmz kmz
application/vnd.gov.sk.xmldatacontainer+xml xdcf
application/vnd.grafeq gqf gqs
application/vnd.groove-account gac
application/vnd.groove-help ghf
application/vnd.groove-identity-message gim
application/vnd.groove-injector grv
application/vnd.groove-tool-message gtm
application/vnd.groove-tool-template tpl
application/vnd.groove-vcard vcg
application/vnd.hal+xml hal
application/vnd.handheld-entertainment+xml zmm
application/vnd.hbci hbci
application/vnd.hhe.lesson-player les
application/vnd.hp-hpgl hpgl
application/vnd.hp-hpid hpid
application/vnd.hp-hps hps
application/vnd.hp-jlyt jlt
application/vnd.hp-pcl pcl
application/vnd.hp-pclxl pclxl
application/vnd.hydrostatix.sof-data sfd-hdstx
application/vnd.ibm.minipay mpy
application/vnd.ibm.modcap afp list3820 listafp
application/vnd.ibm.rights-management irm
application/vnd.ibm.secure-container sc
application/vnd.iccprofile icc icm
application/vnd.igloader igl
application/vnd.immervision-ivp ivp
application/vnd.immervision-ivu ivu
application/vnd.insors.igm igm
application/vnd.intercon.formnet xpw xpx
application/vnd.intergeo i2g
application/vnd.intu.qbo qbo
application/vnd.intu.qfx qfx
application/vnd.ipunplugged.rcprofile rcprofile
application/vnd.irepository.package+xml irp
application/vnd.is-xpr xpr
application/vnd.isac.fcs fcs
application/vnd.jam jam
application/vnd.jcp.javame.midlet-rms rms
application/vnd.jisp jisp
application/vnd.joost.joda-archive joda
application/vnd.kahootz ktr ktz
application/vnd.kde.karbon karbon
application/vnd.kde.kchart chrt
application/vnd.kde.kformula kfo
application/vnd.kde.kivio flw
application/vnd.kde.kontour kon
application/vnd.kde.kpresenter kpr kpt
application/vnd.kde.kspread ksp
application/vnd.kde.kword kwd kwt
application/vnd.kenameaapp htke
application/vnd.kidspiration kia
application/vnd.kinar kne knp
application/vnd.koan skd skm skp skt
application/vnd.kodak-descriptor sse
application/vnd.las.las+xml lasxml
application/vnd.llamagraphics.life-balance.desktop lbd
application/vnd.llamagraphics.life-balance.exchange+xml lbe
application/vnd.lotus-1-2-3 123
application/vnd.lotus-approach apr
application/vnd.lotus-freelance pre
application/vnd.lotus-notes nsf
application/vnd.lotus-organizer org
application/vnd.lotus-screencam scm
application/vnd.lotus-wordpro lwp
application/vnd.macports.portpkg portpkg
application/vnd.mapbox-vector-tile mvt
application/vnd.mcd mcd
application/vnd.medcalcdata mc1
application/vnd.mediastation.cdkey cdkey
application/vnd.mfer mwf
application/vnd.mfmp mfm
application/vnd.micrografx.flo flo
application/vnd.micrografx.igx igx
application/vnd.mif mif
application/vnd.mobius.daf daf
application/vnd.mobius.dis dis
application/vnd.mobius.mbk mbk
application/vnd.mobius.mqy mqy
application/vnd.mobius.msl msl
application/vnd.mobius.plc plc
application/vnd.mobius.txf txf
application/vnd.mophun.application mpn
application/vnd.mophun.certificate mpc
application/vnd.mozilla.xul+xml xul
application/vnd.ms-artgalry cil
application/vnd.ms-cab-compressed cab
application/vnd.ms-excel xla xlc xlm xls xlt xlw
application/vnd.ms-excel.addin.macroenabled.12 xlam
application/vnd.ms-excel.sheet.binary.macroenabled.12 xlsb
application/vnd.ms-excel.sheet.macroenabled.12 xlsm
application/vnd.ms-excel.template.macroenabled.12 xltm
application/vnd.ms-fontobject eot
application/vnd.ms-htmlhelp chm
application/vnd.ms-ims ims
application/vnd.ms-lrm lrm
application/vnd.ms-officetheme thmx
application/vnd.ms-outlook msg
application/vnd.ms-pki.seccat cat
application/vnd.ms-powerpoint pot pps ppt
application/vnd.ms-powerpoint.addin.macroenabled.12 ppam
application/vnd.ms-powerpoint.presentation.macroenabled.12 pptm
application/vnd.ms-powerpoint.slide.macroenabled.12 sldm
application/vnd.ms-powerpoint.slideshow.macroenabled.12 ppsm
application/vnd.ms-powerpoint.template.macroenabled.12 potm
application/vnd.ms-project mpt
application/vnd.ms-visio.viewer vdx
application/vnd.ms-word.document.macroenabled.12 docm
application/vnd.ms-word.template.macroenabled.12 dotm
application/vnd.ms-works wcm wdb wks wps
application/vnd.ms-wpl wpl
application/vnd.ms-xpsdocument xps
application/vnd.mseq mseq
application/vnd.musician mus
application/vnd.muvee.style msty
application/vnd.mynfc taglet
application/vnd.nato.bindingdataobject+xml bdo
application/vnd.neurolanguage.nlu nlu
application/vnd.nitf nitf ntf
application/vnd.noblenet-directory nnd
application/vnd.noblenet-sealer nns
application/vnd.noblenet-web nnw
application/vnd.nokia.n-gage.data ngdat
application/vnd.nokia.n-gage.symbian.install n-gage
application/vnd.nokia.radio-preset rpst
application/vnd.nokia.radio-presets rpss
application/vnd.novadigm.edm edm
application/vnd.novadigm.edx edx
application/vnd.novadigm.ext ext
application/vnd.oasis.opendocument.chart odc
application/vnd.oasis.opendocument.chart-template otc
application/vnd.oasis.opendocument.database odb
application/vnd.oasis.opendocument.formula odf
application/vnd.oasis.opendocument.formula-template odft
application/vnd.oasis.opendocument.graphics odg
application/vnd.oasis.opendocument.graphics-template otg
application/vnd.oasis.opendocument.image odi
application/vnd.oasis.opendocument.image-template oti
application/vnd.oasis.opendocument.presentation odp
application/vnd.oasis.opendocument.presentation-template otp
application/vnd.oasis.opendocument.spreadsheet ods
application/vnd.oasis.opendocument.spreadsheet-template ots
application/vnd.oasis.opendocument.text odt
application/vnd.oasis.opendocument.text-master odm
application/vnd.oasis.opendocument.text-template ott
application/vnd.oasis.opendocument.text-web oth
application/vnd.olpc-sugar xo
application/vnd.oma.dd2+xml dd2
application/vnd.openblox.game+xml obgx
application/vnd.openofficeorg.extension oxt
application/vnd.openstreetmap.data+xml osm
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.openxmlformats-officedocument.presentationml.slide sldx
application/vnd.openxmlformats-officedocument.presentationml.slideshow ppsx
application/vnd.openxmlformats-officedocument.presentationml.template potx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.spreadsheetml.template xltx
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/vnd.openxmlformats-officedocument.wordprocessingml.template dotx
application/vnd.osgeo.mapguide.package mgp
application/vnd.osgi.dp dp
application/vnd.osgi.subsystem esa
application/vnd.palm oprc pdb pqa
application/vnd.pawaafile paw
application/vnd.pg.format str
application/vnd.pg.osasli ei6
application/vnd.picsel efif
application/vnd.pmi.widget wg
application/vnd.pocketlearn plf
application/vnd.powerbuilder6 pbd
application/vnd.previewsystems.box box
application/vnd.procrate.brushset brushset
application/vnd.procreate.brush brush
application/vnd.procreate.dream drm
application/vnd.proteus.magazine mgz
application/vnd.publishare-delta-tree qps
application/vnd.pvi.ptid1 ptid
application/vnd.pwg-xhtml-print+xml xhtm
application/vnd.quark.quarkxpress qwd qwt qxb qxd qxl qxt
application/vnd.rar rar
application/vnd.realvnc.bed bed
application/vnd.recordare.musicxml mxl
application/vnd.recordare.musicxml+xml musicxml
application/vnd.rig.cryptonote cryptonote
application/vnd.rim.cod cod
application/vnd.rn-realmedia rm
application/vnd.rn-realmedia-vbr rmvb
application/vnd.route66.link66+xml link66
application/vnd.sailingtracker.track st
application/vnd.seemail see
application/vnd.sema sema
application/vnd.semd semd
application/vnd.semf semf
application/vnd.shana.informed.formdata ifm
application/vnd.shana.informed.formtemplate itp
application/vnd.shana.informed.interchange iif
application/vnd.shana.informed.package ipk
application/vnd.simtech-mindmapper twd twds
application/vnd.smaf mmf
application/vnd.smart.teacher teacher
application/vnd.software602.filler.form+xml fo
application/vnd.solent.sdkm+xml sdkd sdkm
application/vnd.spotfire.dxp dxp
application/vnd.spotfire.sfs sfs
application/vnd.stardivision.calc sdc
application/vnd.stardivision.draw sda
application/vnd.stardivision.impress sdd
application/vnd.stardivision.math smf
application/vnd.stardivision.writer sdw vor
application/vnd.stardivision.writer-global sgl
application/vnd.stepmania.package smzip
application/vnd.stepmania.stepchart sm
application/vnd.sun.wadl+xml wadl
application/vnd.sun.xml.calc sxc
application/vnd.sun.xml.calc.template stc
application/vnd.sun.xml.draw sxd
application/vnd.sun.xml.draw.template std
application/vnd.sun.xml.impress sxi
application/vnd.sun.xml.impress.template sti
application/vnd.sun.xml.math sxm
application/vnd.sun.xml.writer sxw
application/vnd.sun.xml.writer.global sxg
application/vnd.sun.xml.writer.template stw
application/vnd.sus-calendar sus susp
application/vnd.svd svd
application/vnd.symbian.install sis sisx
*application/vnd.syncml+xml xsm
*application/vnd.syncml.dm+wbxml bdm
*application/vnd.syncml.dm+xml xdm
*application/vnd.syncml.dmddf+xml ddf
application/vnd.tao.intent-module-archive tao
application/vnd.tcpdump.pcap cap dmp pcap
application/vnd.tmobile-livetv tmo
application/vnd.trid.tpt tpt
application/vnd.triscape.mxs mxs
application/vnd.trueapp tra
application/vnd.ufdl ufd ufdl
application/vnd.uiq.theme utz
application/vnd.umajin umj
application/vnd.unity unityweb
application/vnd.uoml+xml uo uoml
application/vnd.vcx vcx
application/vnd.visio vsd vsdx vss vst vsw vtx
application/vnd.visionary vis
application/vnd.vsf vsf
*application/vnd.wap.wbxml wbxml
application/vnd.wap.wmlc wmlc
application/vnd.wap.wmlscriptc wmlsc
application/vnd.webturbo wtb
application/vnd.wolfram.player nbp
application/vnd.wordperfect wpd
application/vnd.wqd wqd
application/vnd.wt.stf stf
application/vnd.xara xar
application/vnd.xfdl xfdl
application/vnd.yamaha.hv-dic hvd
application/vnd.yamaha.hv-script hvs
application/vnd.yamaha.hv-voice hvp
application/vnd.yamaha.openscoreformat osf
application/vnd.yamaha.openscoreformat.osfpvg+xml osfpvg
application/vnd.yamaha.smaf-audio saf
application/vnd.yamaha.smaf-phrase spf
application/vnd.yellowriver-custom-menu cmp
application/vnd.zul zir zirz
application/vnd.zzazz.deck+xml zaz
application/voicexml+xml vxml
application/wasm wasm
application/watcherinfo+xml wif
application/widget wgt
application/winhlp hlp
application/wsdl+xml wsdl
application/wspolicy+xml wspolicy
application/x-7z-compressed 7z
application/x-abiword abw
application/x-ace-compressed ace
application/x-apple-diskimage dmg
application/x-arj arj
application/x-authorware-bin aab u32 vox x32
application/x-authorware-map aam
application/x-authorware-seg aas
application/x-bcpio bcpio
application/x-bittorrent torrent
application/x-blender blend
application/x-blorb blb blorb
application/x-bzip bz
application/x-bzip2 boz bz2
application/x-cbr cb7 cba cbr cbt cbz
application/x-cdlink vcd
application/x-cfs-compressed cfs
application/x-chat chat
application/x-chess-pgn pgn
application/x-chrome-extension crx
application/x-cocoa cco
application/x-conference nsc
application/x-cpio cpio
application/x-csh csh
application/x-debian-package deb udeb
application/x-dgc-compressed dgc
application/x-director cct cst cxt dcr dir dxr fgd swa w3d
application/x-doom wad
application/x-dtbncx+xml ncx
application/x-dtbook+xml dtb
application/x-dtbresource+xml res
application/x-dvi dvi
application/x-envoy evy
application/x-eva eva
application/x-font-bdf bdf
application/x-font-ghostscript gsf
application/x-font-linux-psf psf
application/x-font-pcf pcf
application/x-font-snf snf
application/x-font-type1 afm pfa pfb pfm
application/x-freearc arc
application/x-futuresplash spl
application/x-gca-compressed gca
application/x-glulx ulx
application/x-gnumeric gnumeric
application/x-gramps-xml gramps
application/x-gtar gtar
application/x-hdf hdf
application/x-httpd-php php
application/x-install-instructions install
application/x-ipynb+json ipynb
application/x-iso9660-image iso
application/x-java-archive-diff jardiff
application/x-java-jnlp-file jnlp
application/x-keepass2 kdbx
application/x-latex latex
application/x-lua-bytecode luac
application/x-lzh-compressed lha lzh
application/x-makeself run
application/x-mie mie
application/x-mobipocket-ebook mobi
application/x-ms-application application
application/x-ms-shortcut lnk
application/x-ms-wmd wmd
application/x-ms-wmz wmz
application/x-ms-xbap xbap
application/x-msaccess mdb
application/x-msbinder obd
application/x-mscardfile crd
application/x-msclip clp
application/x-msdos-program exe
application/x-msdownload bat com dll msi
application/x-msmediaview m13 m14 mvb
application/x-msmetafile emz
application/x-msmoney mny
application/x-mspublisher pub
application/x-msschedule scd
application/x-msterminal trm
application/x-mswrite wri
application/x-netcdf cdf nc
application/x-ns-proxy-autoconfig pac
application/x-nzb nzb
application/x-perl pl pm
application/x-pkcs12 p12 pfx
application/x-pkcs7-certificates p7b spc
application/x-pkcs7-certreqresp p7r
application/x-redhat-package-manager rpm
application/x-research-info-systems ris
application/x-sea sea
application/x-sh sh
application/x-shar shar
application/x-shockwave-flash swf
application/x-silverlight-app xap
application/x-stuffit sit
application/x-stuffitx sitx
application/x-subrip srt
application/x-sv4cpio sv4cpio
application/x-sv4crc sv4crc
application/x-t3vm-image t3
application/x-tads gam
application/x-tar tar
application/x-tcl tcl tk
application/x-tex tex
application/x-tex-tfm tfm
application/x-texinfo texi texinfo
application/x-ustar ustar
application/x-virtualbox-hdd hdd
application/x-virtualbox-ova ova
application/x-virtualbox-ovf ovf
application/x-virtualbox-vbox vbox
application/x-virtualbox-vbox-extpack vbox-extpack
application/x-virtualbox-vdi vdi
application/x-virtualbox-vhd vhd
application/x-virtualbox-vmdk vmdk
application/x-wais-source src
application/x-web-app-manifest+json webapp
application/x-x509-ca-cert crt der pem
application/x-xfig fig
application/x-xpinstall xpi
application/x-xz xz
application/x-zmachine z1 z2 z3 z4 z5 z6 z7 z8
application/xaml+xml xaml
application/xcap-att+xml xav
application/xcap-caps+xml xca
application/xcap-diff+xml xdf
application/xcap-el+xml xel
application/xcap-ns+xml xns
application/xenc+xml xenc
application/xfdf xfdf
application/xhtml+xml xht xhtml
application/xliff+xml xlf
application/xml rng xml xsd xsl
application/xml-dtd dtd
application/xop+xml xop
application/xproc+xml xpl
application/xslt+xml xslt
application/xspf+xml xspf
application/xv+xml mxml xhvml xvm xvml
application/yang yang
application/yin+xml yin
application/zip zip
application/zip+dotlottie lottie
audio/aac aac adts
audio/adpcm adp
audio/amr amr
audio/basic au snd
audio/midi kar mid midi rmi
audio/mobile-xmf mxmf
audio/mp4 m4a m4b mp4a
audio/mpeg m2a m3a mp2 mp2a mp3 mpga
audio/ogg oga ogg opus spx
audio/s3m s3m
audio/silk sil
audio/vnd.dece.audio uva uvva
audio/vnd.digital-winds eol
audio/vnd.dra dra
audio/vnd.dts dts
audio/vnd.dts.hd dtshd
audio/vnd.lucent.voice lvp
audio/vnd.ms-playready.media.pya pya
audio/vnd.nuera.ecelp4800 ecelp4800
audio/vnd.nuera.ecelp7470 ecelp7470
audio/vnd.nuera.ecelp9600 ecelp9600
audio/vnd.rip rip
audio/wav wav
audio/webm weba
audio/x-aiff aif aifc aiff
audio/x-caf caf
audio/x-flac flac
audio/x-matroska mka
audio/x-mpegurl m3u
audio/x-ms-wax wax
audio/x-ms-wma wma
audio/x-pn-realaudio ra ram
audio/x-pn-realaudio-plugin rmp
audio/xm xm
chemical/x-cdx cdx
chemical/x-cif cif
chemical/x-cmdf cmdf
chemical/x-cml cml
chemical/x-csml csml
chemical/x-xyz xyz
font/collection ttc
font/otf otf
font/ttf ttf
font/woff woff
font/woff2 woff2
image/aces exr
image/apng apng
image/avci avci
image/avcs avcs
image/avif avif
image/bmp bmp dib
image/cgm cgm
image/dicom-rle drle
image/dpx dpx
image/emf emf
image/fits fits
image/g3fax g3
image/gif gif
image/heic heic
image/heic-sequence heics
image/heif heif
image/heif-sequence heifs
image/hej2k hej2
image/ief ief
image/jaii jaii
image/jais jais
image/jls jls
image/jp2 jp2 jpg2
image/jpeg jpe jpeg jpg
image/jph jph
image/jphc jhc
image/jpm jpgm jpm
image/jpx jpf jpx
image/jxl jxl
image/jxr jxr
image/jxra jxra
image/jxrs jxrs
image/jxs jxs
image/jxsc jxsc
image/jxsi jxsi
image/jxss jxss
image/ktx ktx
image/ktx2 ktx2
image/pjpeg jfif
image/png png
image/prs.btif btf btif
image/prs.pti pti
image/sgi sgi
image/svg+xml svg svgz
image/t38 t38
image/tiff tif tiff
image/tiff-fx tfx
image/vnd.adobe.photoshop psd
image/vnd.airzip.accelerator.azv azv
image/vnd.dece.graphic uvg uvi uvvg uvvi
image/vnd.djvu djv djvu
image/vnd.dwg dwg
image/vnd.dxf dxf
image/vnd.fastbidsheet fbs
image/vnd.fpx fpx
image/vnd.fst fst
image/vnd.fujixerox.edmics-mmr mmr
image/vnd.fujixerox.edmics-rlc rlc
image/vnd.microsoft.icon ico
image/vnd.ms-dds dds
image/vnd.ms-modi mdi
image/vnd.ms-photo wdp
image/vnd.net-fpx npx
image/vnd.pco.b16 b16
image/vnd.tencent.tap tap
image/vnd.valve.source.texture vtf
image/vnd.wap.wbmp wbmp
image/vnd.xiff xif
image/vnd.zbrush.pcx pcx
image/webp webp
image/wmf wmf
image/x-3ds 3ds
image/x-adobe-dng dng
image/x-cmu-raster ras
image/x-cmx cmx
image/x-freehand fh fh4 fh5 fh7 fhc
image/x-jng jng
image/x-mrsid-image sid
image/x-pict pct pic
image/x-portable-anymap pnm
image/x-portable-bitmap pbm
image/x-portable-graymap pgm
image/x-portable-pixmap ppm
image/x-rgb rgb
image/x-tga tga
image/x-xbitmap xbm
image/x-xpixmap xpm
image/x-xwindowdump xwd
message/disposition-notification disposition-notification
message/global u8msg
message/global-delivery-status u8dsn
message/global-disposition-notification u8mdn
message/global-headers u8hdr
message/rfc822 eml mht mhtml mime
message/vnd.wfa.wsc wsc
model/3mf 3mf
model/gltf+json gltf
model/gltf-binary glb
model/iges iges igs
model/jt jt
model/mesh mesh msh silo
model/mtl mtl
model/obj obj
model/prc prc
model/step 210 p21 step stp stpnc
model/step+xml stpx
model/step+zip stpz
model/step-xml+zip stpxz
model/stl stl
model/u3d u3d
model/vnd.bary bary
model/vnd.cld cld
model/vnd.collada+xml dae
model/vnd.dwf dwf
model/vnd.gdl gdl
model/vnd.gtw gtw
model/vnd.opengex ogex
model/vnd.parasolid.transmit.binary x_b
model/vnd.parasolid.transmit.text x_t
model/vnd.pytha.pyox pyo pyox
model/vnd.sap.vds vds
model/vnd.usda usda
model/vnd.usdz+zip usdz
model/vnd.valve.source.compiled-map bsp
model/vnd.vtu vtu
model/vrml vrml wrl
model/x3d+binary x3dbz
model/x3d+fastinfoset x3db
model/x3d+vrml x3dvz
model/x3d+xml x3d x3dz
model/x3d-vrml x3dv
*text/cache-manifest appcache manifest
*text/calendar ics ifb
*text/coffeescript coffee litcoffee
*text/css css
*text/csv csv
*text/html htm html shtml
*text/jade jade
*text/javascript js mjs
*text/jsx jsx
*text/less less
*text/markdown markdown md
*text/mathml mml
*text/mdx mdx
*text/n3 n3
*text/plain conf def in ini list log text txt
*text/prs.lines.tag dsc
*text/richtext rtx
*text/sgml sgm sgml
*text/shex shex
*text/slim slim slm
*text/spdx spdx
*text/stylus styl stylus
*text/tab-separated-values tsv
*text/troff man me ms roff t tr
*text/turtle ttl
*text/uri-list uri uris urls
*text/vcard vcard
*text/vnd.curl curl
*text/vnd.curl.dcurl dcurl
*text/vnd.curl.mcurl mcurl
*text/vnd.curl.scurl scurl
*text/vnd.dvb.subtitle sub
*text/vnd.familysearch.gedcom ged
*text/vnd.fly fly
*text/vnd.fmi.flexstor flx
*text/vnd.graphviz gv
*text/vnd.in3d.3dml 3dml
*text/vnd.in3d.spot spot
*text/vnd.sun.j2me.app-descriptor jad
*text/vnd.wap.wml wml
*text/vnd.wap.wmlscript wmls
*text/vtt vtt
*text/wgsl wgsl
*text/x-asm asm s
*text/x-c c cc cpp cxx dic h hh
*text/x-component htc
*text/x-fortran f f77 f90 for
*text/x-handlebars-template hbs
*text/x-java-source java
*text/x-lua lua
*text/x-markdown mkd
*text/x-nfo nfo
*text/x-opml opml
*text/x-pascal p pas
*text/x-processing pde
*text/x-sass sass
*text/x-scss scss
*text/x-setext etx
*text/x-sfv sfv
*text/x-suse-ymp ymp
*text/x-uuencode uu
*text/x-vcalendar vcs
*text/x-vcard vcf
*text/yaml yaml yml
video/3gpp 3gp 3gpp
video/3gpp2 3g2
video/h261 h261
video/h263 h263
video/h264 h264
video/iso.segment m4s
video/jpeg jpgv
video/mj2 mj2 mjp2
video/mp2t m2t m2ts mts ts
video/mp4 mp4 mp4v mpg4
video/mpeg m1v m2v mpe mpeg mpg
video/ogg ogv
video/quicktime mov qt
video/vnd.dece.hd uvh uvvh
video/vnd.dece.mobile uvm uvvm
video/vnd.dece.pd uvp uvvp
video/vnd.dece.sd uvs uvvs
video/vnd.dece.video uvv uvvv
video/vnd.dvb.file dvb
video/vnd.fvt fvt
video/vnd.mpegurl m4u mxu
video/vnd.ms-playready.media.pyv pyv
video/vnd.uvvu.mp4 uvu uvvu
video/vnd.vivo viv
video/webm webm
video/x-f4v f4v
video/x-fli fli
video/x-flv flv
video/x-m4v m4v
video/x-matroska mk3d mks mkv
video/x-mng mng
video/x-ms-asf asf asx
video/x-ms-vob vob
video/x-ms-wm wm
video/x-ms-wmv wmv
video/x-ms-wmx wmx
video/x-ms-wvx wvx
video/x-msvideo avi
video/x-sgi-movie movie
video/x-smv smv
x-conference/x-cooltalk ice
`;var D="application/octet-stream",k="application/gzip",Ea=16,ia=["","application/pdf","image/png","image/jpeg","image/gif","image/webp","audio/wav","video/mp4","video/webm","application/ogg","audio/mpeg",k,"application/zip","application/wasm","font/woff","font/woff2","image/x-icon","image/bmp",D,"text/html","image/svg+xml","text/xml","text/plain"],La=19,Da=new Set(["text/html","text/plain","text/css","text/javascript","text/ecmascript","text/cache-manifest","text/vtt","text/json","application/json","application/javascript","application/ecmascript","application/xhtml+xml","application/pdf","image/svg+xml","text/calendar","text/vcard","text/x-vcard","text/rtf","text/x-component","application/rtf","application/postscript","application/vnd.apple.mpegurl","audio/x-mpegurl","application/x-ns-proxy-autoconfig","application/x-java-jnlp-file","message/rfc822",k]);function Na(i){return Da.has(i)||i.endsWith("+json")?"as it is":i.endsWith("+xml")||i.endsWith("/xml")?"xml":"text"}var g;function Oa(){if(g)return g;g=new Map;for(let a of aa.split(`
`)){let[t="",...e]=a.split(" ");if(t===""||t==="#")continue;let n=t.replace(/^\*/,""),o=n===t?n:n+"; charset=utf-8",p={plain:n,utf8:o,show:Na(n)};for(let r of e)g.set(r,p)}g.set("tgz",{plain:k,utf8:k,show:"as it is"});let i="application/x-protobuf";return g.set("pbf",{plain:i,utf8:i,show:"as it is"}),g}function ta(i){let a=i.slice(i.lastIndexOf("/")+1),t=a.lastIndexOf(".");return t>0?a.slice(t+1).toLowerCase():""}function N(i){let a=ta(i);return a.length>0&&a.length<=Ea?Oa().get(a):void 0}function ea(i){return N(i)!==void 0}function R(i){return(i.sniff&128)!==0&&(i.sniff&127)>=La}function M(i){return R(i)||O(i).startsWith("text/")}function O(i){let a=ia[i.sniff&127]??"";return a!==""&&R(i)?a+"; charset=utf-8":a}function z(i,a){if(B(i,a))return N(i)?.plain??D;let t=N(i);return t?(t.show==="text"||t.show==="xml"&&O(a).startsWith("text/plain"))&&M(a)?R(a)?"text/plain; charset=utf-8":"text/plain":R(a)||a.size===0?t.utf8:t.plain:O(a)||D}function B(i,a){return(a.sniff&127)===ia.indexOf(k)&&["pbf","mvt","svgz"].includes(ta(i))}var na=`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#9a6a00" stroke-width="1.7" stroke-linejoin="round">
<path d="M3 6.5A1.5 1.5 0 0 1 4.5 5h4.6l2.2 2.5h8.2A1.5 1.5 0 0 1 21 9v8.5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z"/>
</svg>
`;var oa=`<svg xmlns="http://www.w3.org/2000/svg" width="312" height="24" fill="none" stroke="#000" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">
<path transform="translate(0)" fill="#0009" d="M3 6.5A1.5 1.5 0 0 1 4.5 5h4.6l2.2 2.5h8.2A1.5 1.5 0 0 1 21 9v8.5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z"/>
<path transform="translate(24)" d="M6.5 3h7l4.5 4.5v12a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 5 19.5v-15A1.5 1.5 0 0 1 6.5 3zM13 3.5V8h4.5"/>
<path transform="translate(48)" d="M6.5 3h7l4.5 4.5v12a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 5 19.5v-15A1.5 1.5 0 0 1 6.5 3zM13 3.5V8h4.5M8 12h7M8 15h7M8 18h4"/>
<path transform="translate(72)" d="M6.5 3h7l4.5 4.5v12a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 5 19.5v-15A1.5 1.5 0 0 1 6.5 3zM13 3.5V8h4.5M9.5 12.5 7.5 15l2 2.5M13.5 12.5l2 2.5-2 2.5"/>
<path transform="translate(96)" d="M4.5 4h15A1.5 1.5 0 0 1 21 5.5v13a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18.5v-13A1.5 1.5 0 0 1 4.5 4zM3.5 17l5-5 4 4 3-3 5 5M15.5 8.5a1 1 0 1 1-.01 0"/>
<path transform="translate(120)" d="M9 17.5V5.5l10-2v12M9 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 15.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z"/>
<path transform="translate(144)" d="M4.5 4.5h15A1.5 1.5 0 0 1 21 6v12a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18V6a1.5 1.5 0 0 1 1.5-1.5zM10 9v6l5-3z"/>
<path transform="translate(168)" d="M5 20 11.5 4h1L19 20M7.5 14h9"/>
<path transform="translate(192)" d="M4 8h16v10.5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5zM4 8l2-4h12l2 4M12 4v9M10 13h4"/>
<path transform="translate(216)" d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1-1"/>
<path transform="translate(240)" d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z"/>
<path transform="translate(264)" d="M12 4v11M7.5 11 12 15.5 16.5 11M4.5 20h15"/>
<path transform="translate(288)" d="M12 20V6M6 12l6-6 6 6"/>
</svg>
`;var pa=`:root{--ground: #fbfbfa;--card: #fff;--ink: #1c2024;--soft: #5b636d;--line: #e3e5e8;--hover: #f1f4f9;--mark: #fff0a8;--code: #f0f2f5;--link: #0b57c2;--accent: #0b57c2;--on: #fff;--folder: #a87400;--ring: #0b57c2;--shade: 0 1px 2px #0001, 0 4px 16px #0000000d}@media(prefers-color-scheme:dark){:root{--ground: #121416;--card: #1a1d21;--ink: #e8eaed;--soft: #a3abb5;--line: #2c3137;--hover: #22272e;--mark: #5a4a00;--code: #262b31;--link: #8ab8ff;--accent: #8ab8ff;--on: #10141a;--folder: #e5b454;--ring: #8ab8ff;--shade: 0 1px 2px #0006}}*{box-sizing:border-box}html{color-scheme:light dark}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,Segoe UI,Roboto,Noto Sans,sans-serif}a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}:focus-visible{outline:2px solid var(--ring);outline-offset:2px;border-radius:4px}.away{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;z-index:4;background:var(--card);padding:.4rem .8rem}[hidden]{display:none!important}header{position:sticky;top:0;z-index:3;display:flex;gap:1rem;align-items:center;min-height:3.5rem;padding:.6rem max(1rem,calc((100vw - 70rem)/2));background:var(--card);border-bottom:1px solid var(--line)}header nav{display:flex;flex:1;flex-direction:row-reverse;min-width:0;overflow-x:auto;scrollbar-width:none}header ol{display:flex;margin:0 auto 0 0;padding:0;list-style:none;white-space:nowrap}header li+li:before{content:"/";margin:0 .45rem;color:var(--soft)}header li[aria-current]{font-weight:600}#find{display:flex;align-items:center;gap:.5rem;position:relative}#find kbd{position:absolute;right:5.6rem;padding:0 .4rem;border:1px solid var(--line);border-radius:4px;color:var(--soft);font:12px/1.5 ui-monospace,monospace;pointer-events:none}#search:focus~kbd,#search:not(:placeholder-shown)~kbd{visibility:hidden}input{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:8px;padding:.35rem .7rem;min-width:0}input::placeholder{color:var(--soft);opacity:1}#search{width:17rem}button,.button{font:inherit;font-weight:500;display:inline-flex;align-items:center;gap:.35rem;padding:.35rem .8rem;border:1px solid var(--line);border-radius:8px;background:var(--card);color:var(--ink);cursor:pointer}button:hover,.button:hover{background:var(--hover);text-decoration:none}#find button{background:var(--accent);color:var(--on);border-color:transparent}#find button:hover{background:var(--accent);filter:brightness(1.08)}main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 4rem}.head{display:flex;flex-wrap:wrap;gap:1rem;justify-content:space-between;align-items:end;margin-bottom:.8rem}.head>div{min-width:0}h1{margin:0;font-size:1.6rem;line-height:1.25;letter-spacing:-.015em;overflow-wrap:anywhere}.sum{margin:.2rem 0 0;color:var(--soft)}.facts{display:flex;flex-wrap:wrap;gap:0 1.15rem;margin:.2rem 0 0;padding:0;list-style:none;color:var(--soft);overflow:hidden}.facts li{position:relative}.facts li:before{content:"\\b7";position:absolute;left:-.72rem}.views{display:flex}.views .button{color:var(--soft);border-radius:0;margin-left:-1px}.views .button:first-child{border-radius:8px 0 0 8px}.views .button:last-child{border-radius:0 8px 8px 0}.views .button:only-child{border-radius:8px}.views [aria-current]{color:var(--ink);background:var(--hover);font-weight:600}small{color:var(--soft);font-size:.8rem;font-weight:400}.get{display:flex;flex-wrap:wrap;gap:.5rem;margin:0}.get .button{white-space:nowrap}.i{display:inline-block;width:1.2rem;height:1.2rem;flex:none;background:currentColor;mask:url(?list&asset=icons.svg) calc(var(--at) * -1.2rem) 0 / auto 1.2rem no-repeat}@media(forced-colors:active){.i{forced-color-adjust:none;background:CanvasText}}.i.folder{--at: 0}.i.file{--at: 1}.i.text{--at: 2}.i.page{--at: 3}.i.image{--at: 4}.i.audio{--at: 5}.i.video{--at: 6}.i.font{--at: 7}.i.pack{--at: 8}.i.link{--at: 9}.i.eye{--at: 10}.i.down{--at: 11}.i.up{--at: 12}.tools{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;justify-content:space-between;margin:0 0 .8rem;color:var(--soft)}.tools output{margin-left:.6rem}.tools input{width:17rem;background:var(--card);color:var(--ink)}.scopes{display:inline-flex;flex-wrap:wrap;gap:.5rem;margin:0 1.4rem .8rem 0}.scopes .button{min-width:0;overflow-wrap:anywhere;color:var(--soft)}.scopes [aria-current]{color:var(--ink);border-color:var(--accent);font-weight:600}.parent{display:flex;align-items:center;gap:.7rem;padding:.4rem .85rem;background:var(--card);border:1px solid var(--line);border-bottom:0;border-radius:12px 12px 0 0}.parent:hover{background:var(--hover);text-decoration:none}.parent .i{color:var(--soft)}.parent:focus-visible{outline-offset:-2px}.parent+table{border-radius:0 0 12px 12px}.parent:has(+.hits){border-bottom:1px solid var(--line);border-radius:12px}.parent+.empty{margin-top:0;border-radius:0 0 12px 12px}#results[aria-busy]{opacity:.6}table{display:block;background:var(--card);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shade);overflow:clip}thead,tbody{display:block}:where(#list,.sums)>thead{position:sticky;top:calc(3.5rem - 1px);z-index:2;background:var(--card)}td :is(a,input){scroll-margin-top:6.5rem}tr{display:grid;grid-template-columns:minmax(0,1fr) 7rem 7rem 10.5rem 3.2rem;align-items:center;column-gap:.8rem;position:relative;padding:0 .4rem 0 .85rem}thead tr,tbody tr:not(:last-child){border-bottom:1px solid var(--line)}tbody tr{min-height:2.4rem;content-visibility:auto;contain-intrinsic-size:auto 2.4rem}tbody tr:hover,tbody tr:focus-within{background:var(--hover)}th,td{min-width:0;padding:.4rem 0;text-align:left}th{font-weight:500;font-size:.87rem;color:var(--soft);white-space:nowrap}th a{color:inherit}th[aria-sort$=ending] a{color:var(--ink);font-weight:600}.size,.packed{text-align:right}.look{padding:0;text-align:right}td.size,td.packed,td.date{color:var(--soft);white-space:nowrap;font-variant-numeric:tabular-nums;font-size:.93rem}td.date,th.date{padding-left:.8rem}td.name{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;margin-left:1.9rem;overflow-wrap:anywhere;padding:0;margin-block:.4rem}td.name .i{position:absolute;left:.85rem;top:.55rem;color:var(--soft)}td.name .folder{color:var(--folder)}td.name a:after{content:"";position:absolute;inset:0}td.name a:focus-visible{outline:none}td.name a:focus-visible:after{outline:2px solid var(--ring);outline-offset:-2px;border-radius:4px}.dir,.to{color:var(--soft)}::highlight(found){background:var(--mark);color:var(--ink)}.look a{position:relative;z-index:1;padding:.3rem;border-color:transparent;background:none;color:var(--soft)}.look a:hover,.look a:focus-visible{color:var(--link);background:var(--card);border-color:var(--line)}.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));gap:1rem;margin:0;padding:0;list-style:none}.cards>li{position:relative;padding:1rem 1.1rem;background:var(--card);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shade);overflow-wrap:anywhere}.cards>li:hover{background:var(--hover)}.cards>li>a{display:flex;gap:.5rem;align-items:center;font-size:1.1rem;font-weight:600}.cards>li>a:after{content:"";position:absolute;inset:0}.cards p{margin:.3rem 0}.cards .path{margin:0 0 .4rem 1.7rem;color:var(--soft);font-size:.87rem}.cards .facts{font-size:.93rem}.empty{padding:3rem 1rem;text-align:center;color:var(--soft);border:1px dashed var(--line);border-radius:12px}.empty:has(+.hits){margin:0;padding:1rem}.hits h2{margin:2rem 0 .4rem;font-size:1.15rem}.hits ol{margin:0;padding:0;list-style:none}.hits li{padding:.7rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}.hits p{margin:.15rem 0 0;max-width:60rem}.hits mark{color:inherit;background:var(--mark);border-radius:3px}.hits .same{color:var(--soft);font-size:.93rem}.hits .same a{text-decoration:underline}.readme{margin-top:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shade);overflow-wrap:anywhere}.readme>h2{display:flex;gap:.5rem;align-items:center;margin:0;padding:.55rem .85rem;border-bottom:1px solid var(--line);font-size:.95rem;font-weight:600}.readme[data-load]>h2{border-bottom:0}.readme>h2 a{color:inherit}.readme>h2 .i{color:var(--soft)}.readme>pre{margin:0;padding:1.2rem 1.4rem;font:13px/1.55 ui-monospace,SF Mono,Menlo,Consolas,monospace;white-space:pre-wrap;tab-size:4}.readme>p{margin:0;padding:.8rem 1.4rem;border-top:1px solid var(--line);color:var(--soft)}.readme>.md{padding:1.6rem clamp(1rem,4vw,2.4rem) 2rem}.parent+.readme{margin-top:0;border-radius:0 0 12px 12px}.md{font-size:1rem;line-height:1.6;overflow-wrap:break-word}.md>:first-child{margin-top:0}.md>:last-child{margin-bottom:0}.md a{text-decoration:underline;text-underline-offset:.15em}.md :is(p,ul,ol,dl,pre,blockquote,details),.md .wide{margin:0 0 1rem}.md :is(h2,h3,h4,h5,h6){margin:1.6rem 0 .9rem;line-height:1.25;font-weight:600;scroll-margin-top:4.5rem;unicode-bidi:plaintext}.md :is(h2,h3){padding-bottom:.3em;border-bottom:1px solid var(--line)}.md h2{font-size:1.9rem}.md h3{font-size:1.45rem}.md h4{font-size:1.2rem}.md h5{font-size:1rem}.md h6{font-size:.9rem;color:var(--soft)}.md :is(ul,ol){padding-left:2em}.md li>:is(ul,ol){margin:0}.md li+li{margin-top:.2em}.md .task{margin-left:-1.35em;list-style:none}.md p{unicode-bidi:plaintext}.md :is(code,kbd,samp,tt,pre){font:.86em/1.5 ui-monospace,SF Mono,Menlo,Consolas,monospace}.md :is(code,tt){padding:.15em .35em;background:var(--code);border-radius:5px}.md pre{padding:1rem;overflow:auto;background:var(--code);border-radius:8px;tab-size:4}.md pre>:is(code,tt){padding:0;font-size:1em;background:none}.md kbd{padding:.1em .35em;border:1px solid var(--line);border-radius:5px;box-shadow:inset 0 -1px var(--line)}.md blockquote{padding:0 1em;border-left:.25em solid var(--line);color:var(--soft)}.md hr{height:.2rem;margin:1.6rem 0;border:0;background:var(--line)}.md img{max-width:100%;height:auto;vertical-align:middle}.md .alt{padding:.1em .4em;border:1px solid var(--line);border-radius:5px;color:var(--soft);font-size:.86em}.md mark{color:inherit;background:var(--mark)}.md summary{cursor:pointer}.md .footnotes{color:var(--soft);font-size:.9em}.md sup a{padding:0 .15em}.md .wide{overflow:auto}.md .wide table{display:table;width:auto;border:0;border-radius:0;border-collapse:collapse;box-shadow:none;overflow:visible}.md .wide :is(thead,tbody,tfoot){display:revert}.md .wide tr{display:table-row;content-visibility:visible;background:none}.md .wide :is(th,td){padding:.4rem .8rem;border:1px solid var(--line);color:inherit;font-size:1em;white-space:normal;text-align:start}.md .wide :is([align=right]){text-align:right}.md .wide :is([align=center]){text-align:center}.md .wide th{font-weight:600}.md .wide code{white-space:nowrap}.pages{display:flex;gap:1rem;justify-content:center;align-items:center;margin:.8rem 0;color:var(--soft)}dialog{width:min(60rem,94vw);max-height:90vh;padding:0;border:1px solid var(--line);border-radius:14px;background:var(--card);color:var(--ink);box-shadow:0 20px 60px #0005;overflow:hidden}dialog[open]{display:flex;flex-direction:column}dialog::backdrop{background:#000a}.bar{display:flex;gap:.5rem;align-items:center;padding:.6rem .8rem .6rem 1rem;border-bottom:1px solid var(--line)}#keys{width:min(31rem,94vw)}#keys dl{margin:0;padding:.6rem 1rem 1rem;overflow:auto}#keys dl div{display:grid;grid-template-columns:13.5rem 1fr;gap:1rem;padding:.25rem 0}#keys dd{margin:0}dt kbd{display:inline-block;min-width:1.5rem;padding:.1rem .4rem;text-align:center;border:1px solid var(--line);border-radius:4px;font:12px/1.5 ui-monospace,monospace}.bar h2{flex:1;min-width:0;margin:0;font-size:1rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.bar button:disabled{opacity:.4;cursor:default}#look{height:min(50rem,90vh);height:min(50rem,90dvh)}#look-body{flex:1;overflow:auto;min-height:6rem;overscroll-behavior:contain;touch-action:pan-y pinch-zoom}#look-body:focus-visible{outline-offset:-2px}#look-body:has(img,video){display:grid;grid-template:minmax(0,1fr) / minmax(0,1fr);place-items:center}#look-body img,#look-body video{display:block;max-width:100%;max-height:100%}#look-body img{background:repeating-conic-gradient(#8881 0 25%,#8883 0 50%) 50% / 16px 16px}#look-body audio{display:block;width:calc(100% - 2rem);margin:2rem 1rem}#look-body pre{margin:0;padding:1rem;font:13px/1.55 ui-monospace,SF Mono,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4}#look-body p{margin:0;padding:1rem;color:var(--soft);overflow-wrap:anywhere}#look-body .why{padding-top:2rem;text-align:center}#look-body .why+.button{display:flex;width:fit-content;margin:0 auto 2rem}@media(max-width:44rem){header{flex-wrap:wrap;gap:.5rem;position:static}thead{position:static}td :is(a,input){scroll-margin-top:0}.head{gap:.3rem .8rem;align-items:center}.head:has(.views)>div{display:contents}.head:has(.views) h1{flex:1 1 7rem;min-width:0}.head :is(.facts,.sum){order:1;flex-basis:100%;margin:0;font-size:.93rem}.views .button{padding-inline:.6rem}h1{font-size:1.4rem}header nav{flex-basis:100%}#find{flex:1}#find kbd{display:none}#search{flex:1;width:0}.tools form{flex:1 1 100%}.tools input{width:100%}.tools output{display:block;margin:.3rem 0 0}main{padding-top:1rem}.get{flex:1}.get>*{flex:1;gap:0 .35rem;justify-content:center;padding:.2rem .5rem;line-height:1.2;white-space:nowrap}.get>:has(small){flex-wrap:wrap}.get small{flex-basis:100%;text-align:center}#keys dl div{grid-template-columns:7.5rem 1fr}input,button,.button{font-size:16px;min-height:44px}.parent{min-height:44px}.hits li>a{display:inline-block;padding:.6rem 0}header li a{padding:.55rem 0}thead tr{display:flex;gap:0 1.4rem;flex-wrap:wrap}th{padding:0}th a{display:inline-block;padding:.7rem 0}th.look{display:none}th.date{padding:0}tbody tr{grid-template:"name name look" auto "date size look" auto / 1fr auto 3rem;row-gap:0;padding-block:.45rem;contain-intrinsic-size:auto 3.7rem;min-height:44px}td{padding:0}#look{width:100vw;max-width:none;height:100vh;height:100dvh;max-height:none;border:0;border-radius:0}#look .bar{flex-wrap:wrap}#look .bar>:not(h2){min-width:44px;justify-content:center}#look .bar h2{flex-basis:100%}#look-close{margin-left:auto}td.name{grid-area:name;margin-block:0}td.name .i{top:.55rem}td.size{grid-area:size}td.date{grid-area:date;padding-left:1.9rem}td.look{grid-area:look}td.packed{display:none}td.size,td.date{font-size:.87rem}}@media(pointer:coarse),(max-width:44rem){.look a{min-width:44px;min-height:44px;justify-content:center}}@media(prefers-reduced-motion:no-preference){tbody tr,.cards>li{transition:background-color .12s}}@media print{header,.get,.tools,.scopes,.views,.look,.parent,.pages,.skip{display:none}body{background:none}table{border:0;box-shadow:none}tr{grid-template-columns:minmax(0,1fr) 7rem 7rem 10.5rem}thead{position:static}tbody tr{content-visibility:visible;break-inside:avoid}}
`;function ra(i){if(/%(?![0-9a-f]{2})|%00|%2f/i.test(i))return;let a=i===""||i.endsWith("/"),t=i.split("/").map(J),e=t.filter(n=>n!=="");if(!(e.includes(".")||e.includes("..")))return{path:e.join("/"),slash:a,doubled:e.length+(a&&i!==""?1:0)<(i===""?0:t.length)}}function m(i){return i.slice(i.lastIndexOf("/")+1)}function la(i,a){return i===""?a:i+"/"+a}function j(i){return/(^|\/)\.(?!well-known(\/|$))/.test(i)}var sa=`.preview{background:var(--card);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shade);overflow:auto}.preview img,.preview video{display:block;max-width:100%;max-height:75vh;margin:auto}.preview audio{display:block;width:calc(100% - 2rem);margin:2rem 1rem}.preview pre{margin:0;padding:1rem;max-height:75vh;overflow:auto;font:13px/1.55 ui-monospace,SF Mono,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4}.preview p{padding:0 1rem;color:var(--soft)}dl{display:grid;gap:.4rem 1rem;margin:1.2rem 0 0}dl div{display:grid;grid-template-columns:9rem 1fr}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
`;var Ga=1e3,q=262144,Ha="default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";function ca(i){let[a,t]=i==="list.css"?["text/css; charset=utf-8",pa+sa]:i==="icon.svg"?["image/svg+xml",na]:i==="icons.svg"?["image/svg+xml",oa]:[];return t===void 0?void 0:new Response(t,{headers:{"Content-Type":a,"X-Content-Type-Options":"nosniff"}})}var Va={"&":"&amp;","<":"&lt;",">":"&gt;",'"':"&quot;"},u=i=>i.replace(/[&<>"]/g,a=>Va[a]);function F(i){return i.replace(/[\0-\x1f]/g,a=>String.fromCharCode(9216+a.charCodeAt(0))).replace(/\x7f/g,"\u2421").replace(/[\x80-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g,"\uFFFD")}var x=i=>u(F(Q(i)));function h(i){if(i<1e3)return`${i} B`;let a=-1;for(;i>=999.5&&a<5;a++)i/=1e3;return`${i<9.95?i.toFixed(1):Math.round(i)} ${["kB","MB","GB","TB","PB","EB"][a]}`}var I=(i,a,t)=>`${i.toLocaleString("en-US")} ${i===1?a:t}`;function da(i){let a=`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${i.title}</title>
<link rel="icon" type="image/svg+xml" href="${i.root}?list&amp;asset=icon.svg">
<link rel="stylesheet" href="${i.root}?list&amp;asset=list.css">
</head>
<body>
<a class="skip" href="#list">Skip to the content</a>
<header><nav aria-label="Folders on the way here"><ol>${i.crumbs}</ol></nav></header>
<main>
<div class="head">${i.head}</div>
${i.body}
</main>
</body>
</html>
`;return new Response(a,{status:i.status??200,headers:{"Content-Type":"text/html; charset=utf-8","Cache-Control":"no-cache","Content-Security-Policy":Ha,"X-Content-Type-Options":"nosniff","Referrer-Policy":"same-origin"}})}function ma(i,a,t){let e=i===""?[]:i.split("/"),n=(l,s)=>`<li><a href="${"../".repeat(s)||"./"}${t}"><bdi>${l}</bdi></a></li>`,o=e.length-(a?0:1),p=e.slice(0,-1).map((l,s)=>n(x(l),o-1-s));e.length>0&&p.unshift(n("Home",o));let r=e.length>0?x(e.at(-1)):"Home";return`${p.join("")}<li aria-current="page"><bdi>${r}</bdi></li>`}var _a=(i,a)=>`<i class="i ${i}" role="img" aria-label="${a}"></i>`,Ka=[["image/","image","Image","image"],["audio/","audio","Audio","audio"],["application/ogg","audio","Audio","audio"],["video/","video","Video","video"],["text/html","page","Page","text"],["text/","text","Text","text"],["application/json","text","Text","text"],["application/xml","text","Text","text"],["application/pdf","page","PDF",""],["font/","font","Font",""],["application/gzip","pack","Archive",""],["application/zip","pack","Archive",""],["application/x-tar","pack","Archive",""],["application/x-xz","pack","Archive",""],["application/zstd","pack","Archive",""]];function xa(i,a){if(a.type==="directory")return{icon:"folder",label:"Folder",preview:""};if(a.type==="symlink")return{icon:"link",label:"Link",preview:""};if(!a.content)return{icon:"file",label:"Device",preview:""};let t=z(i,a),e=Ka.find(([n])=>t.startsWith(n));return e?{icon:e[1],label:e[2],preview:e[3]}:M(a)?{icon:"text",label:"Text",preview:"text"}:{icon:"file",label:"File",preview:""}}function va(i){let a=new Date(i*1e3);if(Number.isNaN(a.getTime())||i<=1)return"";let t=a.toISOString();return`<time datetime="${t}">${t.slice(0,16).replace("T"," ")}</time>`}async function W(i,a,t,e){let n=t===""?0:t.split("/").length,o="../".repeat(n)||"./",p=e.has("list")?"?list":"",r=/^\d{1,10}$/.test(e.get("from")??"")?Number(e.get("from")):0,l=[],s;for await(let c of i.list(a,r))if(!j(f(c.pathBytes))){if(l.length===Ga){s=c.ordinal;break}l.push(c)}let v=c=>c.type==="directory";l.sort((c,S)=>Number(v(S))-Number(v(c)));let w=t===""?"Home":x(m(t)),C=l.length===0?`<p class="empty" id="list">${r?"The list ends before this page.":"This folder is empty."}</p>`:`<table role="table" id="list" tabindex="-1">
<thead role="rowgroup"><tr role="row">${[["name","Name"],["size","Size"],["packed","Packed"],["date","Modified"],["look",'<span class="away">Preview</span>']].map(([c,S])=>`<th role="columnheader" scope="col" class="${c}">${S}</th>`).join("")}</tr></thead>
<tbody role="rowgroup">
${l.map(c=>Xa(c,p)).join(`
`)}
</tbody>
</table>`,K=[r?`<a class="button" href="./${p}">First page</a>`:"",s===void 0?"":`<a class="button" rel="next" href="./?list&amp;from=${s}">More</a>`].join("");return da({title:t===""?"Home":x(t),root:o,crumbs:ma(t,!0,p),head:`<div><h1><bdi>${w}</bdi></h1><ul class="facts"><li>${I(a.below,"file","files")} in all</li><li>${h(a.size)} unpacked</li><li>${h(a.packed)} packed</li></ul></div>`,body:C+(K&&`<nav class="pages" aria-label="Pages">${K}</nav>`)})}function Xa(i,a){let t=f(i.pathBytes),e=m(t),{icon:n,label:o,preview:p}=xa(t,i),r=i.type==="directory"?"/":"",l="./"+y(e)+r,s=i.type==="symlink"?` <span class="to">\u2192 <bdi>${u(F(i.target))}</bdi></span>`:"",v=r||i.content?h(i.size):"",w=i.type==="hardlink"?"shared":r||i.content?h(i.packed):"",C=p?`<a class="button" href="${l}?list&amp;view"><i class="i eye"></i><span class="away">Preview ${x(e)}</span></a>`:"";return`<tr role="row"><td role="cell" class="name">${_a(n,o)}<a href="${l}${r&&a}"><bdi>${x(e)}</bdi>${r}</a>${s}</td><td role="cell" class="size"${r||i.content?` title="${I(i.size,"byte","bytes")}"`:""}>${v}</td><td role="cell" class="packed">${w}</td><td role="cell" class="date">${va(i.mtime)}</td><td role="cell" class="look">${C}</td></tr>`}async function fa(i,a,t){let e="../".repeat(t.split("/").length-1)||"./",n="./"+y(m(t)),{preview:o,label:p}=xa(t,a),r=x(m(t)),l=o==="image"?`<img src="${n}" alt="${r}">`:o==="audio"?`<audio src="${n}" controls preload="metadata"></audio>`:o==="video"?`<video src="${n}" controls preload="metadata"></video>`:o==="text"||M(a)?await Ya(i,a):"<p>There is no preview of this file.</p>",s=[["Kind",p],["Size",`${h(a.size)} (${I(a.size,"byte","bytes")})`],["Modified",va(a.mtime)],["Media type",u(z(t,a))],["xxHash64",`<code>${a.hash}</code>`],...a.type==="hardlink"?[["Same content as",x(a.target)]]:[]];return da({title:x(t),root:e,crumbs:ma(t,!1,"?list"),head:`<div><h1><bdi>${r}</bdi></h1></div><p class="get"><a class="button" href="${n}">Open</a><a class="button" href="${n}" download>Download</a></p>`,body:`<div id="list" class="preview" tabindex="-1">${l}</div><dl>${s.map(([v,w])=>`<div><dt>${v}</dt><dd>${w}</dd></div>`).join("")}</dl>`})}async function Ya(i,a){let t=await i.read(a,a.size>q?{end:q}:{}),e=a.size>q?`<p>The first ${h(q)}.</p>`:"";return`<pre tabindex="0">${u(new TextDecoder().decode(t))}</pre>${e}`}function G(i,a,t){return new Response(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${u(a)}</title>
</head>
<body style="font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem">
<main>
<h1 style="font-size: 1.5rem">${u(a)}</h1>
<p style="overflow-wrap: anywhere">${u(F(t))}</p>
</main>
</body>
</html>
`,{status:i,headers:{"Content-Type":"text/html; charset=utf-8","Cache-Control":"no-store","Content-Security-Policy":"default-src 'none'; style-src 'unsafe-inline'"}})}var Za=1<<20;async function V(i,a){let t=ra(a.path);if(!t)return $(i,a);let e=new H(i,a,t.path);return t.doubled?e.merged(t.slash):t.slash?e.directory():e.file()}var H=class{constructor(a,t,e){this.a=a;this.r=t;this.path=e}a;r;path;async file(){let{a,r:t,path:e}=this,n=await this.stat(e);if(n?.content&&this.asksOwn()&&t.query.has("view"))return fa(a,n,e);if(n?.content)return T(a,t,{entry:n,path:e});if(n?.type==="directory"&&this.asksOwn())return this.redirect("./",m(e)+"/");let o=await this.clean();return o?T(a,t,o):n?.type==="directory"?this.redirect("./",m(e)+"/"):e==="index.html"?this.redirect("./",""):$(a,t)}async directory(){let{a,r:t,path:e}=this,n=t.query.get("asset");if(e===""&&this.asksOwn()&&n)return ca(n)??$(a,t);let o=await this.stat(e),p=o?.type==="directory"?o:void 0;if(p&&this.asksOwn())return W(a,p,e,t.query);let r=await this.found(la(e,"index.html"));return r?T(a,t,r):p?W(a,p,e,t.query):!o&&await this.clean()?this.redirect("../",m(e)):$(a,t)}async merged(a){let{a:t,r:e,path:n}=this,o=await this.stat(n);if(!o?.content&&o?.type!=="directory")return $(t,e);let p=n!==""&&(a||o?.type==="directory"&&!await this.clean())?"/":"",r=e.path.split("/").length-1;return this.redirect(r>0?"../".repeat(r):"./",n+p)}async stat(a){if(j(a))return;let t=await this.a.stat(L(a));return t&&j(f(t.pathBytes))?void 0:t}async found(a){let t=await this.stat(a);return t?.content?{entry:t,path:a}:void 0}async clean(){return this.path===""?void 0:this.found(this.path+".html")}asksOwn(){return this.r.query.has("list")}redirect(a,t){return new Response(null,{status:301,headers:{Location:a+y(t)+this.r.search}})}};async function $(i,a){let t=await i.stat("404.html");return t?.content?T(i,{...a,range:null},{entry:t,path:"404.html"},404):G(404,"404 Not Found","There is no such page in this archive.")}async function T(i,a,{entry:t,path:e},n=200){ea(e)||(e=f(t.pathBytes));let o=new Headers({"Content-Type":z(e,t)});if(n===200&&(o.set("Last-Modified",new Date(Math.max(0,t.mtime)*1e3).toUTCString()),o.set("ETag",`"${t.hash}"`)),B(e,t)){let v=a.method==="HEAD"?null:i.stream(t).pipeThrough(new DecompressionStream("gzip"));return new Response(v,{status:n,headers:o})}n===200&&o.set("Accept-Ranges","bytes");let p=a.method==="GET"&&a.range&&Ja(a.ifRange,o)?ii(a.range,t.size):void 0;if(p==="unsatisfiable")return new Response(`416 Range Not Satisfiable
`,{status:416,headers:{"Content-Range":`bytes */${t.size}`,"Content-Type":"text/plain"}});let{start:r,end:l}=p??{start:0,end:t.size};if(p&&(n=206,o.set("Content-Range",`bytes ${r}-${l-1}/${t.size}`)),o.set("Content-Length",String(l-r)),a.method==="HEAD")return new Response(null,{status:n,headers:o});let s=l-r<=Za?await i.read(t,{start:r,end:l}):await Qa(i.stream(t,{start:r,end:l}));return new Response(s,{status:n,headers:o})}function Ja(i,a){let t=i?.trim();return!t||t===a.get("ETag")||t===a.get("Last-Modified")}async function Qa(i){let a=i.getReader(),t=await a.read();return new ReadableStream({pull:async e=>{let n=t??await a.read();t=void 0,n.done?e.close():e.enqueue(n.value)},cancel:e=>a.cancel(e)},{highWaterMark:0})}var ai=32;function ii(i,a){let t=/^\s*bytes\s*=(.*)$/i.exec(i)?.[1]?.split(",").map(n=>n.trim()).filter(n=>n!=="");if(!t?.length||t.length>ai||a===0)return;let e=[];for(let n of t){let o=/^(\d*)-(\d*)$/.exec(n);if(!o||o[1]===""&&o[2]==="")return;let p=o[2]===""?1/0:Number(o[2]),r=o[1]===""?Math.max(0,a-p):Number(o[1]);if(o[1]!==""&&p<r)return;let l=o[1]===""?a:Math.min(p+1,a);r<l&&e.push({start:r,end:l})}return e.length>1?void 0:e[0]??"unsatisfiable"}function ua(i){let a=i instanceof Error?i.message:String(i),t=i instanceof ga.TpkError?i.code:"",[e,n]=t==="UNAVAILABLE"?[503,"The archive can't be reached"]:t==="CHANGED"||t==="NO_INDEX"?[503,"The archive can't be opened now"]:t==="NO_RANGES"||t==="COMPRESSED"?[502,"This server can't serve an archive"]:[502,"The archive can't be read"];return G(e,n,a)}var wa=self.tpkConfig,ya=new URL(wa.archive,self.location.href),b=new URL("./",self.location.href),ti=["tpk-sw.js","tpk-reader.js"].map(i=>new URL(i,b).pathname),ei=5e3,ni=3e3,oi="script-src 'none'; object-src 'none'; worker-src 'none'";self.addEventListener("install",()=>{self.skipWaiting()});self.addEventListener("activate",i=>i.waitUntil(self.clients.claim()));self.addEventListener("fetch",i=>{let a=new URL(i.request.url);a.origin===b.origin&&a.pathname.startsWith(b.pathname)&&!ti.includes(a.pathname)&&!pi(a)&&/^(GET|HEAD)$/.test(i.request.method)&&i.respondWith(li(i.request,a))});function pi(i){let{origin:a,pathname:t}=ya,e=t.replace(/-of-\d{5}(\.tar\.gz|\.tgz|)\.tps$/,""),n=i.pathname.slice(e.length);return i.origin===a&&i.pathname.startsWith(e)&&(e===t?/^(\.tpi|\.sum|\.sum\.minisig)?$/.test(n):/^(-\d{5})?-of-\d{5}[.a-z]*$/.test(n))}var ka="tpk "+b.href,za=new A(ka,new URL("tpk-kept/",b).href),d,_=0,ha=new Set;function ba(){if(!d){let i=d=(0,U.open)(ya,{blockSize:65536,keep:za});_=Date.now(),i.catch(()=>{d===i&&(d=void 0)})}return d}function P(i,...a){return i instanceof U.TpkError&&a.includes(i.code)}async function ri(){if(!d||Date.now()-_<ei)return;let i=d;_=Date.now(),ja();let a=(async()=>{try{await(await i).check()}catch(t){!P(t,"UNAVAILABLE")&&d===i&&(d=void 0)}})();await Promise.race([a,new Promise(t=>setTimeout(t,ni))])}async function li(i,a){let t={path:a.pathname.slice(b.pathname.length),query:a.searchParams,search:a.search,method:i.method,range:i.headers.get("range"),ifRange:i.headers.get("if-range")};i.mode==="navigate"&&await ri();let e;try{e=await si(t)}catch(o){if(P(o,"NOT_FOUND")&&await ja())return fetch(i);e=ua(o)}let n=e.headers.get("Location");return n!==null&&e.headers.set("Location",new URL(n,a).href),wa.scripts||e.headers.append("Content-Security-Policy",oi),e}async function si(i){let a=ba();try{return await V(await a,i)}catch(t){if(!P(t,"CHANGED")){let e=await a.then(n=>n.digest,()=>"");if(!P(t,"CORRUPT")||ha.has(e))throw t;ha.add(e),await za.clear().catch(()=>{})}return d===a&&(d=void 0),V(await ba(),i)}}async function ja(){try{let i=await fetch(self.location.href,{method:"HEAD",cache:"no-store"}),a=i.ok?!/javascript/.test(i.headers.get("Content-Type")??""):i.status===404||i.status===410;return a&&(await self.registration.unregister(),await caches.delete(ka)),a}catch{return!1}}})();
