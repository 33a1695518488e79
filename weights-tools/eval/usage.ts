export const EVAL_USAGE = `sam2rad eval DATASET [-m MODEL] [options]

Measures a model on labelled pictures: Dice, IoU, NSD and HD95 of each class and picture, their means and bootstrap
95 % intervals. DATASET holds imgs/ and gts/, or Test/ with both: pictures, and PNGs of the same names whose grey values
are class numbers.

  -m, --model MODEL       a converted model, or a checkpoint; the demo model unless given
      --mode M            auto: the model prompts itself; set beside box, SAM without its prompt predictor. box: each
                          true mask's tight box is the prompt. point: the true mask's deepest pixel is. auto unless
                          given where the model has a prompt predictor, else box
      --base MODEL        what is prompted with the true box beside auto; MODEL itself unless given, which is right
                          where nothing but its prompt predictor was trained
  -o, --output DIR        writes cases.csv, summary.csv, eval.json and worst/: truth (left) and result of the worst
                          cases, in place of those of an evaluation before
      --worst N           how many of these; 5 unless given
      --classes N|NAMES   how many classes, or their names; counted in the masks unless given
      --model-classes L   in mode auto: which of the model's classes stand for the data's, in their order: 2,3. The
                          first ones unless given
      --group-by REGEX    what of a file's name is its patient, by the first group: '^(\\d+)_'. Intervals draw
                          patients; each picture is one unless given
      --spacing MM        millimetres a pixel, or across,down: distances are in mm then, otherwise in pixels
      --tolerance T       how far apart edges may lie for NSD, in that unit; 2 unless given
      --at picture|model  compare at the picture's size, or in the square that the model sees (the true mask is
                          shrunk to it); picture unless given
      --preprocess P      sam, sam2 or sam2rad: how pictures are brought to that square; the model's own unless given.
                          sam2rad is how Sam2Rad and its baseline see them
      --image-size S      side of the square, a multiple of 64; the file's own unless given
      --storage S         how weights lie on the GPU: f32, f16 or q8
      --tuning FILE       where the fastest kernels of this GPU are kept; tuned.json in the user's cache folder unless
                          given. One that is named is also used where the CPU computes
      --no-tuning         nothing is timed, default kernels compute
      --resamples N       of the bootstrap, 2000 or more; 5000 unless given
      --seed N            of the bootstrap; 0 unless given
      --json              one JSON object on standard output, nothing else

Empty masks: where truth and result are both empty the case is left out of the means; where one of them is empty Dice,
IoU and NSD are 0 and HD95 is the diagonal of the picture. Without a true mask there is nothing to prompt with: box and
point leave such cases out. The figure over all classes is the mean of the class means. NSD and HD95 are MONAI's.`;
