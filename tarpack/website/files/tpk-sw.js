// A part of the viewer of tpk archives.
"use strict";(()=>{var ja=Object.create;var K=Object.defineProperty;var $a=Object.getOwnPropertyDescriptor;var Aa=Object.getOwnPropertyNames;var Ra=Object.getPrototypeOf,Ta=Object.prototype.hasOwnProperty;var qa=(i,a)=>()=>{try{return a||i((a={exports:{}}).exports,a),a.exports}catch(t){throw a=0,t}};var Ma=(i,a,t,e)=>{if(a&&typeof a=="object"||typeof a=="function")for(let n of Aa(a))!Ta.call(i,n)&&n!==t&&K(i,n,{get:()=>a[n],enumerable:!(e=$a(a,n))||e.enumerable});return i};var X=(i,a,t)=>(t=i!=null?ja(Ra(i)):{},Ma(a||!i||!i.__esModule?K(t,"default",{value:i,enumerable:!0}):t,i));var B=qa((ci,Y)=>{Y.exports=globalThis.tpkReader});var E=X(B(),1);var R=class{constructor(a,t){this.base=t;this.cache=caches.open(a)}base;cache;puts=0;async last(a){return(await(await this.cache).match(this.key(a,"last")))?.json()}async begin(a,t){let e=await this.cache,n=await this.last(a);if(n?.etag===t.etag&&n.size===t.size)return;let o=this.key(a,"");for(let p of await e.keys())p.url.startsWith(o)&&await e.delete(p);await e.put(this.key(a,"last"),Response.json(t))}async get(a,t,e,n){let o=await(await this.cache).match(this.range(a,t,e,n));return o&&new Uint8Array(await o.arrayBuffer())}async put(a,t,e,n){let o=await this.cache,p=()=>o.put(this.range(a,t,e,n.length),new Response(n.slice()));try{await p()}catch{await this.clear(),await p()}++this.puts%256===0&&await this.limit()}async limit(){let{usage:a=0,quota:t=1/0}=await navigator.storage.estimate();a>t/2&&await this.clear()}async clear(){let a=await this.cache;for(let t of await a.keys())t.url.endsWith("/last")||await a.delete(t)}key(a,t){return`${this.base}${encodeURIComponent(a)}/${t}`}range(a,t,e,n){return this.key(a,`${encodeURIComponent(t.etag)}/${e}-${n}`)}};var xa=X(B(),1);var Pa=new TextEncoder,Ua=new TextDecoder;function f(i){let a=typeof i=="string"?Pa.encode(i):i,t="";for(let e=0;e<a.length;e+=8192)t+=String.fromCharCode(...a.subarray(e,e+8192));return t}function L(i){let a=new Uint8Array(i.length);for(let t=0;t<i.length;t++)a[t]=i.charCodeAt(t);return a}function Z(i){return f(i).replace(/%([0-9a-f]{2})/gi,(a,t)=>String.fromCharCode(parseInt(t,16)))}function y(i){return i.replace(/[^A-Za-z0-9\-._~/!$()*+,;=@]/g,a=>"%"+a.charCodeAt(0).toString(16).toUpperCase().padStart(2,"0"))}function J(i){return/^[\0-\x7f]*$/.test(i)?i:Ua.decode(L(i))}var Q=`# From mime-db 1.54.0 (MIT licence) by media_generate.go. A line: a type, * before it if its text has a charset; its extensions.
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
`;var D="application/octet-stream",k="application/gzip",Ea=16,aa=["","application/pdf","image/png","image/jpeg","image/gif","image/webp","audio/wav","video/mp4","video/webm","application/ogg","audio/mpeg",k,"application/zip","application/wasm","font/woff","font/woff2","image/x-icon","image/bmp",D,"text/html","image/svg+xml","text/xml","text/plain"],Sa=19,Ba=new Set(["text/html","text/plain","text/css","text/javascript","text/ecmascript","text/cache-manifest","text/vtt","text/json","application/json","application/javascript","application/ecmascript","application/xhtml+xml","application/pdf","image/svg+xml","text/calendar","text/vcard","text/x-vcard","text/rtf","text/x-component","application/rtf","application/postscript","application/vnd.apple.mpegurl","audio/x-mpegurl","application/x-ns-proxy-autoconfig","application/x-java-jnlp-file","message/rfc822",k]);function La(i){return Ba.has(i)||i.endsWith("+json")?"as it is":i.endsWith("+xml")||i.endsWith("/xml")?"xml":"text"}var g;function Da(){if(g)return g;g=new Map;for(let a of Q.split(`
`)){let[t="",...e]=a.split(" ");if(t===""||t==="#")continue;let n=t.replace(/^\*/,""),o=n===t?n:n+"; charset=utf-8",p={plain:n,utf8:o,show:La(n)};for(let s of e)g.set(s,p)}g.set("tgz",{plain:k,utf8:k,show:"as it is"});let i="application/x-protobuf";return g.set("pbf",{plain:i,utf8:i,show:"as it is"}),g}function ia(i){let a=i.slice(i.lastIndexOf("/")+1),t=a.lastIndexOf(".");return t>0?a.slice(t+1).toLowerCase():""}function N(i){let a=ia(i);return a.length>0&&a.length<=Ea?Da().get(a):void 0}function ta(i){return N(i)!==void 0}function T(i){return(i.sniff&128)!==0&&(i.sniff&127)>=Sa}function q(i){return T(i)||O(i).startsWith("text/")}function O(i){let a=aa[i.sniff&127]??"";return a!==""&&T(i)?a+"; charset=utf-8":a}function z(i,a){if(I(i,a))return N(i)?.plain??D;let t=N(i);return t?(t.show==="text"||t.show==="xml"&&O(a).startsWith("text/plain"))&&q(a)?T(a)?"text/plain; charset=utf-8":"text/plain":T(a)||a.size===0?t.utf8:t.plain:O(a)||D}function I(i,a){return(a.sniff&127)===aa.indexOf(k)&&["pbf","mvt","svgz"].includes(ia(i))}var ea=`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#9a6a00" stroke-width="1.7" stroke-linejoin="round">
<defs>
<symbol id="folder" viewBox="0 0 24 24"><path d="M3 6.5A1.5 1.5 0 0 1 4.5 5h4.6l2.2 2.5h8.2A1.5 1.5 0 0 1 21 9v8.5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z"/></symbol>
<symbol id="file" viewBox="0 0 24 24"><path d="M6.5 3h7l4.5 4.5v12a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 5 19.5v-15A1.5 1.5 0 0 1 6.5 3zM13 3.5V8h4.5"/></symbol>
<symbol id="text" viewBox="0 0 24 24"><path d="M6.5 3h7l4.5 4.5v12a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 5 19.5v-15A1.5 1.5 0 0 1 6.5 3zM13 3.5V8h4.5M8 12h7M8 15h7M8 18h4"/></symbol>
<symbol id="page" viewBox="0 0 24 24"><path d="M6.5 3h7l4.5 4.5v12a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 5 19.5v-15A1.5 1.5 0 0 1 6.5 3zM13 3.5V8h4.5M9.5 12.5 7.5 15l2 2.5M13.5 12.5l2 2.5-2 2.5"/></symbol>
<symbol id="image" viewBox="0 0 24 24"><path d="M4.5 4h15A1.5 1.5 0 0 1 21 5.5v13a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18.5v-13A1.5 1.5 0 0 1 4.5 4zM3.5 17l5-5 4 4 3-3 5 5M15.5 8.5a1 1 0 1 1-.01 0"/></symbol>
<symbol id="audio" viewBox="0 0 24 24"><path d="M9 17.5V5.5l10-2v12M9 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 15.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z"/></symbol>
<symbol id="video" viewBox="0 0 24 24"><path d="M4.5 4.5h15A1.5 1.5 0 0 1 21 6v12a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18V6a1.5 1.5 0 0 1 1.5-1.5zM10 9v6l5-3z"/></symbol>
<symbol id="font" viewBox="0 0 24 24"><path d="M5 20 11.5 4h1L19 20M7.5 14h9"/></symbol>
<symbol id="pack" viewBox="0 0 24 24"><path d="M4 8h16v10.5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5zM4 8l2-4h12l2 4M12 4v9M10 13h4"/></symbol>
<symbol id="link" viewBox="0 0 24 24"><path d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1-1"/></symbol>
<symbol id="eye" viewBox="0 0 24 24"><path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z"/></symbol>
<symbol id="down" viewBox="0 0 24 24"><path d="M12 4v11M7.5 11 12 15.5 16.5 11M4.5 20h15"/></symbol>
</defs>
<path d="M3 6.5A1.5 1.5 0 0 1 4.5 5h4.6l2.2 2.5h8.2A1.5 1.5 0 0 1 21 9v8.5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z"/>
</svg>
`;var na=`:root{--ground: #fbfbfa;--card: #fff;--ink: #1c2024;--soft: #5b636d;--line: #e3e5e8;--hover: #f1f4f9;--link: #0b57c2;--accent: #0b57c2;--on: #fff;--folder: #9a6a00;--ring: #0b57c2;--shade: 0 1px 2px #0001, 0 4px 16px #0000000d}@media(prefers-color-scheme:dark){:root{--ground: #121416;--card: #1a1d21;--ink: #e8eaed;--soft: #a3abb5;--line: #2c3137;--hover: #22272e;--link: #8ab8ff;--accent: #8ab8ff;--on: #10141a;--folder: #e5b454;--ring: #8ab8ff;--shade: 0 1px 2px #0006}}*{box-sizing:border-box}html{color-scheme:light dark}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,Segoe UI,Roboto,Noto Sans,sans-serif}a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}:focus-visible{outline:2px solid var(--ring);outline-offset:2px;border-radius:4px}.away{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;z-index:3;background:var(--card);padding:.4rem .8rem}[hidden]{display:none!important}header{position:sticky;top:0;z-index:2;display:flex;gap:1rem;align-items:center;padding:.6rem max(1rem,calc((100vw - 70rem)/2));background:var(--card);border-bottom:1px solid var(--line)}header nav{flex:1;min-width:0;overflow-x:auto;scrollbar-width:none}header ol{display:flex;margin:0;padding:0;list-style:none;white-space:nowrap}header li+li:before{content:"/";margin:0 .45rem;color:var(--soft)}header li[aria-current]{font-weight:600}form{display:flex;align-items:center;gap:.5rem;position:relative}form kbd{position:absolute;right:5.6rem;padding:0 .4rem;border:1px solid var(--line);border-radius:4px;color:var(--soft);font:12px/1.5 ui-monospace,monospace;pointer-events:none}form input:focus~kbd,form input:not(:placeholder-shown)~kbd{visibility:hidden}input{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:8px;padding:.35rem .7rem;min-width:0}input::placeholder{color:var(--soft);opacity:1}#search{width:17rem}button,.button{font:inherit;font-weight:500;display:inline-flex;align-items:center;gap:.35rem;padding:.35rem .8rem;border:1px solid var(--line);border-radius:8px;background:var(--card);color:var(--ink);cursor:pointer}button:hover,.button:hover{background:var(--hover);text-decoration:none}form button{background:var(--accent);color:var(--on);border-color:transparent}form button:hover{background:var(--accent);filter:brightness(1.08)}main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 4rem}.head{display:flex;flex-wrap:wrap;gap:1rem;justify-content:space-between;align-items:end;margin-bottom:1rem}.head>div{min-width:0}h1{margin:0;font-size:1.6rem;line-height:1.25;letter-spacing:-.015em;overflow-wrap:anywhere}.sum{margin:.2rem 0 0;color:var(--soft)}.detail:before{content:"\\b7  "}.get{display:flex;gap:.5rem;margin:0}svg{width:1.15rem;height:1.15rem;flex:none;fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}.tools{display:flex;gap:.8rem;align-items:center;margin:0 0 .6rem;color:var(--soft)}output:empty{display:none}.tools input{width:17rem;background:var(--card);color:var(--ink)}table{width:100%;border-collapse:separate;border-spacing:0;background:var(--card);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shade);overflow:clip;table-layout:fixed}th,td{padding:.42rem .8rem;text-align:left;border-bottom:1px solid var(--line)}tbody tr:last-child td{border-bottom:0}th{font-weight:500;font-size:.87rem;color:var(--soft);white-space:nowrap}th a{color:inherit}th[aria-sort$=ending] a{color:var(--ink);font-weight:600}th.size,td.size,th.packed,td.packed{text-align:right;width:8rem}th.date,td.date{width:11rem}th.look,td.look{width:3.2rem;padding:0 .6rem 0 0;text-align:right}td.size,td.packed,td.date{color:var(--soft);white-space:nowrap;font-variant-numeric:tabular-nums;font-size:.93rem}td.name{overflow-wrap:anywhere}td.name{position:relative;padding-left:2.65rem}td.name svg{position:absolute;left:.85rem;top:.6rem;color:var(--soft)}td.name svg.folder{color:var(--folder);fill:color-mix(in srgb,currentColor 18%,transparent)}.dir,.to{color:var(--soft)}tbody tr:hover,tbody tr:focus-within{background:var(--hover)}tbody tr{content-visibility:auto;contain-intrinsic-size:auto 2.3rem}.look button{padding:.2rem;border-color:transparent;background:none;color:var(--soft)}.look button:hover,.look button:focus-visible{color:var(--link);background:var(--card);border-color:var(--line)}.empty{padding:3rem 1rem;text-align:center;color:var(--soft);border:1px dashed var(--line);border-radius:12px}.pages{display:flex;gap:1rem;justify-content:center;align-items:center;margin-top:1.2rem;color:var(--soft)}dialog{width:min(60rem,94vw);max-height:90vh;padding:0;border:1px solid var(--line);border-radius:14px;background:var(--card);color:var(--ink);box-shadow:0 20px 60px #0005;overflow:hidden}dialog[open]{display:flex;flex-direction:column}dialog::backdrop{background:#000a}.bar{display:flex;gap:.5rem;align-items:center;padding:.6rem .8rem .6rem 1rem;border-bottom:1px solid var(--line)}.bar h2{flex:1;min-width:0;margin:0;font-size:1rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}#look-body{overflow:auto;min-height:6rem}#look-body img,#look-body video{display:block;max-width:100%;max-height:75vh;margin:auto}#look-body audio{display:block;width:calc(100% - 2rem);margin:2rem 1rem}#look-body pre{margin:0;padding:1rem;font:13px/1.55 ui-monospace,SF Mono,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4}#look-body p{padding:1rem;color:var(--soft)}@media(max-width:44rem){header{flex-wrap:wrap;gap:.5rem;position:static}header nav{flex-basis:100%}form{flex:1}form kbd{display:none}#search{flex:1;width:0}.tools input{width:100%}th.packed,td.packed,th.date,td.date{display:none}th.size,td.size{width:7.2rem}th.look,td.look{width:2.8rem}th,td{padding-block:.55rem}td.name svg{top:.75rem}main{padding-top:1rem}}@media(pointer:coarse){.look button{padding:.45rem}}@media(prefers-reduced-motion:no-preference){tbody tr{transition:background-color .12s}}@media print{header form,.get,.tools,.look{display:none}}
`;function oa(i){if(/%(?![0-9a-f]{2})|%00|%2f/i.test(i))return;let a=i===""||i.endsWith("/"),t=i.split("/").map(Z),e=t.filter(n=>n!=="");if(!(e.includes(".")||e.includes("..")))return{path:e.join("/"),slash:a,doubled:e.length+(a&&i!==""?1:0)<(i===""?0:t.length)}}function m(i){return i.slice(i.lastIndexOf("/")+1)}function pa(i,a){return i===""?a:i+"/"+a}function j(i){return/(^|\/)\.(?!well-known(\/|$))/.test(i)}var sa=`.look .button{padding:.2rem;border-color:transparent;background:none;color:var(--soft)}.look .button:hover,.look .button:focus-visible{color:var(--link);background:var(--card);border-color:var(--line)}.preview{background:var(--card);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shade);overflow:auto}.preview img,.preview video{display:block;max-width:100%;max-height:75vh;margin:auto}.preview audio{display:block;width:calc(100% - 2rem);margin:2rem 1rem}.preview pre{margin:0;padding:1rem;max-height:75vh;overflow:auto;font:13px/1.55 ui-monospace,SF Mono,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4}.preview p{padding:0 1rem;color:var(--soft)}dl{display:grid;gap:.4rem 1rem;margin:1.2rem 0 0}dl div{display:grid;grid-template-columns:9rem 1fr}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
`;var Fa=1e3,M=262144,Wa="default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";function la(i){let[a,t]=i==="list.css"?["text/css; charset=utf-8",na+sa]:i==="icon.svg"?["image/svg+xml",ea]:[];return t===void 0?void 0:new Response(t,{headers:{"Content-Type":a,"X-Content-Type-Options":"nosniff"}})}var Ga={"&":"&amp;","<":"&lt;",">":"&gt;",'"':"&quot;"},u=i=>i.replace(/[&<>"]/g,a=>Ga[a]);function F(i){return i.replace(/[\0-\x1f]/g,a=>String.fromCharCode(9216+a.charCodeAt(0))).replace(/\x7f/g,"\u2421").replace(/[\x80-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g,"\uFFFD")}var v=i=>u(F(J(i)));function h(i){if(i<1e3)return`${i} B`;let a=-1;for(;i>=999.5&&a<5;a++)i/=1e3;return`${i<9.95?i.toFixed(1):Math.round(i)} ${["kB","MB","GB","TB","PB","EB"][a]}`}var P=(i,a,t)=>`${i.toLocaleString("en-US")} ${i===1?a:t}`;function ca(i){let a=`<!DOCTYPE html>
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
`;return new Response(a,{status:i.status??200,headers:{"Content-Type":"text/html; charset=utf-8","Cache-Control":"no-cache","Content-Security-Policy":Wa,"X-Content-Type-Options":"nosniff","Referrer-Policy":"same-origin"}})}function ra(i,a,t){let e=i===""?[]:i.split("/"),n=(l,c)=>`<li><a href="${"../".repeat(c)||"./"}${t}"><bdi>${l}</bdi></a></li>`,o=e.length-(a?0:1),p=e.slice(0,-1).map((l,c)=>n(v(l),o-1-c));e.length>0&&p.unshift(n("Home",o));let s=e.length>0?v(e.at(-1)):"Home";return`${p.join("")}<li aria-current="page"><bdi>${s}</bdi></li>`}var Ha=(i,a,t)=>`<svg role="img" class="${a}" aria-label="${t}"><use href="${i}?list&amp;asset=icon.svg#${a}"/></svg>`,Va=[["image/","image","Image","image"],["audio/","audio","Audio","audio"],["application/ogg","audio","Audio","audio"],["video/","video","Video","video"],["text/html","page","Page","text"],["text/","text","Text","text"],["application/json","text","Text","text"],["application/xml","text","Text","text"],["application/pdf","page","PDF",""],["font/","font","Font",""],["application/gzip","pack","Archive",""],["application/zip","pack","Archive",""],["application/x-tar","pack","Archive",""],["application/x-xz","pack","Archive",""],["application/zstd","pack","Archive",""]];function da(i,a){if(a.type==="directory")return{icon:"folder",label:"Folder",preview:""};if(a.type==="symlink")return{icon:"link",label:"Link",preview:""};if(!a.content)return{icon:"file",label:"Device",preview:""};let t=z(i,a),e=Va.find(([n])=>t.startsWith(n));return e?{icon:e[1],label:e[2],preview:e[3]}:q(a)?{icon:"text",label:"Text",preview:"text"}:{icon:"file",label:"File",preview:""}}function ma(i){let a=new Date(i*1e3);if(Number.isNaN(a.getTime())||i<=1)return"";let t=a.toISOString();return`<time datetime="${t}">${t.slice(0,16).replace("T"," ")}</time>`}async function W(i,a,t,e){let n=t===""?0:t.split("/").length,o="../".repeat(n)||"./",p=e.has("list")?"?list":"",s=/^\d{1,10}$/.test(e.get("from")??"")?Number(e.get("from")):0,l=[],c;for await(let d of i.list(a,s))if(!j(f(d.pathBytes))){if(l.length===Fa){c=d.ordinal;break}l.push(d)}let x=d=>d.type==="directory";l.sort((d,za)=>Number(x(za))-Number(x(d)));let w=t===""?"Home":v(m(t)),S=l.length===0?`<p class="empty" id="list">${s?"The list ends before this page.":"This folder is empty."}</p>`:`<table id="list" tabindex="-1">
<thead><tr><th scope="col" class="name">Name</th><th scope="col" class="size">Size</th><th scope="col" class="packed">Packed</th><th scope="col" class="date">Modified</th><th class="look"><span class="away">Preview</span></th></tr></thead>
<tbody>
${l.map(d=>_a(d,o,p)).join(`
`)}
</tbody>
</table>`,A=[s?`<a class="button" href="./${p}">First page</a>`:"",c===void 0?"":`<a class="button" rel="next" href="./?list&amp;from=${c}">More</a>`].join("");return ca({title:t===""?"Home":v(t),root:o,crumbs:ra(t,!0,p),head:`<div><h1><bdi>${w}</bdi></h1><p class="sum"><span>${P(a.below,"file","files")} in here</span> <span class="detail">${h(a.size)}, packed ${h(a.packed)}</span></p></div>`,body:S+(A&&`<nav class="pages" aria-label="Pages">${A}</nav>`)})}function _a(i,a,t){let e=f(i.pathBytes),n=m(e),{icon:o,label:p,preview:s}=da(e,i),l=i.type==="directory"?"/":"",c="./"+y(n)+l,x=i.type==="symlink"?` <span class="to">\u2192 <bdi>${u(F(i.target))}</bdi></span>`:"",w=l?P(i.below,"file","files"):i.content?h(i.size):"",S=i.type==="hardlink"?"shared":i.type==="file"?h(i.packed):"",A=s?`<a class="button" href="${c}?list&amp;view"><svg aria-hidden="true"><use href="${a}?list&amp;asset=icon.svg#eye"/></svg><span class="away">Preview ${v(n)}</span></a>`:"";return`<tr><td class="name">${Ha(a,o,p)}<a href="${c}${l&&t}"><bdi>${v(n)}</bdi>${l}</a>${x}</td><td class="size"${i.content?` title="${P(i.size,"byte","bytes")}"`:""}>${w}</td><td class="packed">${S}</td><td class="date">${ma(i.mtime)}</td><td class="look">${A}</td></tr>`}async function va(i,a,t){let e="../".repeat(t.split("/").length-1)||"./",n="./"+y(m(t)),{preview:o,label:p}=da(t,a),s=v(m(t)),l=o==="image"?`<img src="${n}" alt="${s}">`:o==="audio"?`<audio src="${n}" controls preload="metadata"></audio>`:o==="video"?`<video src="${n}" controls preload="metadata"></video>`:o==="text"||q(a)?await Ka(i,a):"<p>There is no preview of this file.</p>",c=[["Kind",p],["Size",`${h(a.size)} (${P(a.size,"byte","bytes")})`],["Modified",ma(a.mtime)],["Media type",u(z(t,a))],["xxHash64",`<code>${a.hash}</code>`],...a.type==="hardlink"?[["Same content as",v(a.target)]]:[]];return ca({title:v(t),root:e,crumbs:ra(t,!1,"?list"),head:`<div><h1><bdi>${s}</bdi></h1></div><p class="get"><a class="button" href="${n}">Open</a><a class="button" href="${n}" download>Download</a></p>`,body:`<div id="list" class="preview" tabindex="-1">${l}</div><dl>${c.map(([x,w])=>`<div><dt>${x}</dt><dd>${w}</dd></div>`).join("")}</dl>`})}async function Ka(i,a){let t=await i.read(a,a.size>M?{end:M}:{}),e=a.size>M?`<p>The first ${h(M)}.</p>`:"";return`<pre tabindex="0">${u(new TextDecoder().decode(t))}</pre>${e}`}function G(i,a,t){return new Response(`<!DOCTYPE html>
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
`,{status:i,headers:{"Content-Type":"text/html; charset=utf-8","Cache-Control":"no-store","Content-Security-Policy":"default-src 'none'; style-src 'unsafe-inline'"}})}var Xa=1<<20;async function V(i,a){let t=oa(a.path);if(!t)return $(i,a);let e=new H(i,a,t.path);return t.doubled?e.merged(t.slash):t.slash?e.directory():e.file()}var H=class{constructor(a,t,e){this.a=a;this.r=t;this.path=e}a;r;path;async file(){let{a,r:t,path:e}=this,n=await this.stat(e);if(n?.content&&this.asksOwn()&&t.query.has("view"))return va(a,n,e);if(n?.content)return U(a,t,{entry:n,path:e});if(n?.type==="directory"&&this.asksOwn())return this.redirect("./",m(e)+"/");let o=await this.clean();return o?U(a,t,o):n?.type==="directory"?this.redirect("./",m(e)+"/"):e==="index.html"?this.redirect("./",""):$(a,t)}async directory(){let{a,r:t,path:e}=this,n=t.query.get("asset");if(e===""&&this.asksOwn()&&n)return la(n)??$(a,t);let o=await this.stat(e),p=o?.type==="directory"?o:void 0;if(p&&this.asksOwn())return W(a,p,e,t.query);let s=await this.found(pa(e,"index.html"));return s?U(a,t,s):p?W(a,p,e,t.query):!o&&await this.clean()?this.redirect("../",m(e)):$(a,t)}async merged(a){let{a:t,r:e,path:n}=this,o=await this.stat(n);if(!o?.content&&o?.type!=="directory")return $(t,e);let p=n!==""&&(a||o?.type==="directory"&&!await this.clean())?"/":"",s=e.path.split("/").length-1;return this.redirect(s>0?"../".repeat(s):"./",n+p)}async stat(a){if(j(a))return;let t=await this.a.stat(L(a));return t&&j(f(t.pathBytes))?void 0:t}async found(a){let t=await this.stat(a);return t?.content?{entry:t,path:a}:void 0}async clean(){return this.path===""?void 0:this.found(this.path+".html")}asksOwn(){return this.r.query.has("list")}redirect(a,t){return new Response(null,{status:301,headers:{Location:a+y(t)+this.r.search}})}};async function $(i,a){let t=await i.stat("404.html");return t?.content?U(i,{...a,range:null},{entry:t,path:"404.html"},404):G(404,"404 Not Found","There is no such page in this archive.")}async function U(i,a,{entry:t,path:e},n=200){ta(e)||(e=f(t.pathBytes));let o=new Headers({"Content-Type":z(e,t)});if(n===200&&(o.set("Last-Modified",new Date(Math.max(0,t.mtime)*1e3).toUTCString()),o.set("ETag",`"${t.hash}"`)),I(e,t)){let x=a.method==="HEAD"?null:i.stream(t).pipeThrough(new DecompressionStream("gzip"));return new Response(x,{status:n,headers:o})}n===200&&o.set("Accept-Ranges","bytes");let p=a.method==="GET"&&a.range&&Ya(a.ifRange,o)?Qa(a.range,t.size):void 0;if(p==="unsatisfiable")return new Response(`416 Range Not Satisfiable
`,{status:416,headers:{"Content-Range":`bytes */${t.size}`,"Content-Type":"text/plain"}});let{start:s,end:l}=p??{start:0,end:t.size};if(p&&(n=206,o.set("Content-Range",`bytes ${s}-${l-1}/${t.size}`)),o.set("Content-Length",String(l-s)),a.method==="HEAD")return new Response(null,{status:n,headers:o});let c=l-s<=Xa?await i.read(t,{start:s,end:l}):await Za(i.stream(t,{start:s,end:l}));return new Response(c,{status:n,headers:o})}function Ya(i,a){let t=i?.trim();return!t||t===a.get("ETag")||t===a.get("Last-Modified")}async function Za(i){let a=i.getReader(),t=await a.read();return new ReadableStream({pull:async e=>{let n=t??await a.read();t=void 0,n.done?e.close():e.enqueue(n.value)},cancel:e=>a.cancel(e)},{highWaterMark:0})}var Ja=32;function Qa(i,a){let t=/^\s*bytes\s*=(.*)$/i.exec(i)?.[1]?.split(",").map(n=>n.trim()).filter(n=>n!=="");if(!t?.length||t.length>Ja||a===0)return;let e=[];for(let n of t){let o=/^(\d*)-(\d*)$/.exec(n);if(!o||o[1]===""&&o[2]==="")return;let p=o[2]===""?1/0:Number(o[2]),s=o[1]===""?Math.max(0,a-p):Number(o[1]);if(o[1]!==""&&p<s)return;let l=o[1]===""?a:Math.min(p+1,a);s<l&&e.push({start:s,end:l})}return e.length>1?void 0:e[0]??"unsatisfiable"}function fa(i){let a=i instanceof Error?i.message:String(i),t=i instanceof xa.TpkError?i.code:"",[e,n]=t==="UNAVAILABLE"?[503,"The archive can't be reached"]:t==="CHANGED"||t==="NO_INDEX"?[503,"The archive can't be opened now"]:t==="NO_RANGES"||t==="COMPRESSED"?[502,"This server can't serve an archive"]:[502,"The archive can't be read"];return G(e,n,a)}var ha=self.tpkConfig,ba=new URL(ha.archive,self.location.href),b=new URL("./",self.location.href),ai=["tpk-sw.js","tpk-reader.js"].map(i=>new URL(i,b).pathname),ii=5e3,ti=3e3,ei="script-src 'none'; object-src 'none'; worker-src 'none'";self.addEventListener("install",()=>{self.skipWaiting()});self.addEventListener("activate",i=>i.waitUntil(self.clients.claim()));self.addEventListener("fetch",i=>{let a=new URL(i.request.url);a.origin===b.origin&&a.pathname.startsWith(b.pathname)&&!ai.includes(a.pathname)&&!ni(a)&&/^(GET|HEAD)$/.test(i.request.method)&&i.respondWith(pi(i.request,a))});function ni(i){let{origin:a,pathname:t}=ba,e=t.replace(/-of-\d{5}(\.tar\.gz|\.tgz|)\.tps$/,""),n=i.pathname.slice(e.length);return i.origin===a&&i.pathname.startsWith(e)&&(e===t?/^(\.tpi|\.sum|\.sum\.minisig)?$/.test(n):/^(-\d{5})?-of-\d{5}[.a-z]*$/.test(n))}var wa="tpk "+b.href,ya=new R(wa,new URL("tpk-kept/",b).href),r,_=0,ga=new Set;function ua(){if(!r){let i=r=(0,E.open)(ba,{blockSize:65536,keep:ya});_=Date.now(),i.catch(()=>{r===i&&(r=void 0)})}return r}function C(i,...a){return i instanceof E.TpkError&&a.includes(i.code)}async function oi(){if(!r||Date.now()-_<ii)return;let i=r;_=Date.now(),ka();let a=(async()=>{try{await(await i).check()}catch(t){!C(t,"UNAVAILABLE")&&r===i&&(r=void 0)}})();await Promise.race([a,new Promise(t=>setTimeout(t,ti))])}async function pi(i,a){let t={path:a.pathname.slice(b.pathname.length),query:a.searchParams,search:a.search,method:i.method,range:i.headers.get("range"),ifRange:i.headers.get("if-range")};i.mode==="navigate"&&await oi();let e;try{e=await si(t)}catch(o){if(C(o,"NOT_FOUND")&&await ka())return fetch(i);e=fa(o)}let n=e.headers.get("Location");return n!==null&&e.headers.set("Location",new URL(n,a).href),ha.scripts||e.headers.append("Content-Security-Policy",ei),e}async function si(i){let a=ua();try{return await V(await a,i)}catch(t){if(!C(t,"CHANGED")){let e=await a.then(n=>n.digest,()=>"");if(!C(t,"CORRUPT")||ga.has(e))throw t;ga.add(e),await ya.clear().catch(()=>{})}return r===a&&(r=void 0),V(await ua(),i)}}async function ka(){try{let i=await fetch(self.location.href,{method:"HEAD",cache:"no-store"}),a=i.ok?!/javascript/.test(i.headers.get("Content-Type")??""):i.status===404||i.status===410;return a&&(await self.registration.unregister(),await caches.delete(wa)),a}catch{return!1}}})();
