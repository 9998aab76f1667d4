// swift-format-ignore-file

/// Words that say what and how was imaged, and not whom: what a cleaned text may keep.
let vocabularyText: StaticString = """
up mm cm kv kvp mhz hz mg ml mbq sec min deg
a above abdomen abdominal absent access acetabulum acquired acquisition active acute adc adrenal after air airway ankle
annotation anterior anteroposterior aorta aortic ap apical apex arch area arm arterial artery arthrogram ascending
assessment atrial atrium attenuation axial axilla axillary axis b baseline basal base bed before below bicuspid bilateral
biopsy bladder blood body bold bolus bone both bowel brachial brain breast breath breathhold bronchial bronchus c
calcaneus calcification calcium calibration cardiac care carotid catheter caudal cavity cc center central cerebellum
cerebral cervical chest cholangiography chronic cine circle clavicle clinical coccyx coil colon comment compare comparison
complete compressed computed contrast control cor coronal coronary corpus corrected correction coverage cranial cranium
crop cross ct cta ctp cube curved cyst data day decubitus deep delay delayed density derived descending detail diagnostic
diaphragm diastole diastolic diffusion digital disc dose dorsal dorsum doppler double drain dual duct duodenum dwi dynamic
ear early echo edema effusion elbow emphysema endoscopy enema enhanced enlarged epi erect esophagus exam examination
expiration expiratory extended extension extremity eye face facial fast fat fbp femoral femur fibula field film filter filtered
finding findings finger first flair flash flexion flow fluid fluoroscopy follow followup foot for forearm fracture frame free
from frontal function functional gallbladder gastric gated gland glenoid gradient graft great guided h half hand hard head
hearing heart heel hemisphere hepatic hepatobiliary high hilar hip hips hrct humerus iac ileum iliac image images imaging in
increased inferior infiltrate initial injection inner inspiration inspiratory internal interval intervertebral intestine
intra intracranial intravenous iodinated isotropic iterative iv jaw jejunum joint kernel kidney kidneys knee knees kub l
large laryngeal larynx late lateral left leg legs length lens lesion level ligament limb limited line liver lobe localiser
localizer long low lower lumbar lung lungs lymph m main mammogram mammography mandible map mark marker mask mass maxilla
maxillary mean measurement medial mediastinal mediastinum medium meniscus middle minimum mip mlo mode moderate monitor mosaic
motion mpr mr mra mri mrcp multi multiphase multiplanar muscle myelogram n nasal native navigator neck needle neonatal
nerve no node nodule non none normal nose nuclear oblique obstruction occlusion of off on only optic oral orbit orbits
osseous out outer ovary overview pa palm pancreas panoramic parallel paranasal parathyroid parietal parotid patella pelvic
pelvis penis perfusion pericardium peripheral peritoneum pet phalanx phantom pharynx phase pituitary plain plane plate
pleura pleural pneumonia pneumothorax portable portal portovenous position post posterior posteroanterior posture pre
precontrast pressure prior processed prone prostate protocol proton proximal pulmonary pulse quality quadrant quiet r radial
radiograph radiography radius raw reconstructed reconstruction rectum recon reference reformat reformatted region relaxation
removed renal reordered repeat report resolution respiratory rest resting retained retina rib ribs right routine sacrum
sag sagittal saturation scan scapula scout screening se secondary segment semi sequence series shoulder shunt side sinus
sinuses single sitting skeletal skin skull slab slice slices small smooth soft spectroscopy spin spinal spine spleen
standard standing static stenosis stent sternum stomach stone stress study subtraction superior supine supplementary
support suppressed surface surview survey susceptibility swi systole systolic t table target temporal tendon test testis
the thick thickness thigh thin thoracic thorax thumb thymus thyroid tibia time tip tissue toe toes tof tomography tomosynthesis
tongue topogram total trace trachea tracheal tra transversal transverse trauma tricuspid trigger triggered tube tumor
tumour turbo ulna ultrasound umbilical unenhanced unilateral upper upright ureter urethra urinary uterus v vagina valve
vascular vein vena venous ventral ventricle ventricular vertebra vertebrae vertebral vessel vibe view views volume vrt wall
water weighted weight window with without wrist x xray year years
"""
